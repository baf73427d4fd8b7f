import FrameRecorder
import TestKit
import Testing

@Suite struct DeviceQueueTests {
  /// A queue with its encoder: batches are taken and ended as soon as they are ready, if `works`.
  private struct Rig {
    var queue: DeviceQueue
    var works = true
    private(set) var batches: [FrameBatch] = []

    init(lastCapture: Double? = nil, interval: Int64 = 5_000, _ change: (inout CutSettings) -> Void = { _ in }) {
      var settings = CutSettings()
      change(&settings)
      let last = lastCapture.map { FrameTime(milliseconds: Int64($0 * 1_000)) }
      queue = DeviceQueue(settings: settings, lastCapture: last, interval: interval)
    }

    @discardableResult
    mutating func arrive(
      _ entry: UInt64, _ capture: Double, at now: Double = 0, event: String? = nil, hasRoom: Bool = true
    ) throws -> DeviceQueue.Arrival {
      let frame = try Made.frame(entry, capture, event: event)
      let arrival = queue.arrived(frame, now: Made.instant(now), hasRoom: hasRoom)
      work()
      return arrival
    }

    mutating func work() {
      while works, let batch = queue.take() {
        batches.append(batch)
        _ = queue.workEnded()
      }
    }

    /// The entries of each batch, in order.
    var cuts: [[UInt64]] { batches.map { $0.frames.map(\.entry.milliseconds) } }
    var rules: [CutRule] { batches.map(\.rule) }
  }

  // MARK: C1 to C5

  @Test func nFramesMakeASegmentInTheOrderOfTheirCapture() throws {
    var rig = Rig()
    for (entry, capture) in [(1, 10), (2, 12), (3, 11), (4, 14), (5, 13)] as [(UInt64, Double)] {
      #expect(try rig.arrive(entry, capture) == .queued(isLate: false, isReady: false))
    }
    #expect(rig.queue.pendingCount == 5)
    #expect(try rig.arrive(6, 15) == .queued(isLate: false, isReady: true))
    #expect(rig.cuts == [[1, 3, 2, 5, 4, 6]] && rig.rules == [.count])
    #expect(rig.queue.isIdle && rig.queue.deadline == nil)
  }

  @Test func framesOfOneMomentStandInTheOrderOfArrival() throws {
    var rig = Rig { $0.framesPerSegment = 3 }
    for entry in UInt64(1)...3 { try rig.arrive(entry, 10) }
    #expect(rig.cuts == [[1, 2, 3]])
  }

  @Test func theWaitCountsFromTheReadingOfTheFrameThatWaitsLongest() throws {
    var rig = Rig()
    try rig.arrive(1, 20, at: 5)
    try rig.arrive(2, 10, at: 30)
    #expect(rig.queue.deadline == Made.instant(65))
    #expect(rig.queue.deadlinePassed(now: Made.instant(64.9)) == false)
    #expect(rig.queue.deadlinePassed(now: Made.instant(65)) == true)
    rig.work()
    #expect(rig.cuts == [[2, 1]] && rig.rules == [.wait])
    #expect(rig.queue.deadlinePassed(now: Made.instant(500)) == false)
    // After a pause the first frame is not cut alone.
    try rig.arrive(3, 4_000, at: 4_000)
    #expect(rig.queue.deadline == Made.instant(4_060))
  }

  @Test func aStepForwardOverTheWaitCutsBeforeTheFrame() throws {
    var rig = Rig()
    try rig.arrive(1, 100)
    try rig.arrive(2, 160)
    #expect(rig.cuts == [])
    #expect(try rig.arrive(3, 220.001) == .queued(isLate: false, isReady: true))
    #expect(rig.cuts == [[1, 2]] && rig.rules == [.step] && rig.queue.pendingCount == 1)
  }

  @Test func aStepBackOverTheReorderSpanCutsBeforeTheFrame() throws {
    var rig = Rig()
    try rig.arrive(1, 100)
    try rig.arrive(2, 70)
    #expect(rig.cuts == [])
    // It is older than what was just cut.
    #expect(try rig.arrive(3, 39.999) == .queued(isLate: true, isReady: true))
    #expect(rig.cuts == [[2, 1]] && rig.rules == [.step])
    #expect(try rig.arrive(4, 41) == .queued(isLate: true, isReady: false))
  }

  @Test func aLateFrameIsSaidToBeAndRecorded() throws {
    var rig = Rig(lastCapture: 100) { $0.framesPerSegment = 2 }
    #expect(try rig.arrive(1, 99.999) == .queued(isLate: true, isReady: false))
    #expect(try rig.arrive(2, 100) == .queued(isLate: false, isReady: true))
    #expect(rig.cuts == [[1, 2]])
  }

  @Test func withCaptureTimingMediaTimeBoundsASegment() throws {
    var rig = Rig(interval: 5_000) { $0.timing = .capture(longest: 540_000, last: 0) }
    // 5 s cadence: a second frame would make it 10 s.
    for (entry, capture) in [(1, 0), (2, 5), (3, 10)] as [(UInt64, Double)] { try rig.arrive(entry, capture) }
    #expect(rig.cuts == [[1], [2]] && rig.rules == [.media, .media])
  }

  @Test func aSegmentMayBeExactlyAsLongAsItMay() throws {
    var rig = Rig {
      $0.timing = .capture(longest: 540_000, last: 0)
      $0.framesPerSegment = 100
    }
    for entry in UInt64(1)...7 { try rig.arrive(entry, Double(entry)) }
    #expect(rig.cuts == [[1, 2, 3, 4, 5, 6]] && rig.rules == [.media] && rig.queue.pendingCount == 1)
  }

  @Test func aFrameInTheMiddlePushesOutTheEnd() throws {
    var rig = Rig {
      $0.timing = .capture(longest: 540_000, last: 0)
      $0.framesPerSegment = 100
    }
    for entry in UInt64(2)...7 { try rig.arrive(entry, Double(entry)) }
    try rig.arrive(8, 1)
    #expect(rig.cuts == [[8, 2, 3, 4, 5, 6]] && rig.queue.pendingCount == 1)
  }

  @Test func aFlushCutsAllThatIsPending() throws {
    var rig = Rig()
    #expect(rig.queue.flush(now: Made.instant(0)) == false)
    try rig.arrive(1, 10)
    try rig.arrive(2, 9)
    #expect(rig.queue.flush(now: Made.instant(1)) == true)
    rig.work()
    #expect(rig.cuts == [[2, 1]] && rig.rules == [.flush])
  }

  // MARK: Work

  @Test func oneBatchIsInWorkAndTheNextOneWaits() throws {
    var rig = Rig { $0.framesPerSegment = 2 }
    rig.works = false
    try rig.arrive(1, 1)
    #expect(try rig.arrive(2, 2, at: 3) == .queued(isLate: false, isReady: true))
    try rig.arrive(3, 3)
    #expect(try rig.arrive(4, 4) == .queued(isLate: false, isReady: false))
    let first = rig.queue.take()
    #expect(first?.firstEntry == EntryID(1) && first?.cutAt == Made.instant(3))
    #expect(rig.queue.ready == nil && rig.queue.take() == nil)
    #expect(rig.queue.heldCount == 4)
    #expect(rig.queue.workEnded() == true)
    #expect(rig.queue.take()?.firstEntry == EntryID(3))
    #expect(rig.queue.workEnded() == false)
    #expect(rig.queue.isIdle)
  }

  @Test func whatIsDoneEndsBeforeTheFirstThatIsNot() throws {
    var rig = Rig { $0.framesPerSegment = 2 }
    rig.works = false
    #expect(rig.queue.doneID(afterWork: true) == nil)
    try rig.arrive(10, 5)
    try rig.arrive(11, 9)
    try rig.arrive(12, 7)
    _ = rig.queue.take()
    #expect(rig.queue.doneID(afterWork: false) == EntryID(9, .max))
    #expect(rig.queue.doneID(afterWork: true) == EntryID(11, .max))
    _ = rig.queue.workEnded()
    rig.queue.passed(EntryID(20))
    #expect(rig.queue.doneID(afterWork: false) == EntryID(11, .max))
    _ = rig.queue.flush(now: Made.instant(0))
    _ = rig.queue.take()
    #expect(rig.queue.doneID(afterWork: true) == EntryID(20))
  }

  // MARK: Duplicates

  @Test func oneEventIsHereOnceUntilItIsRecorded() throws {
    var rig = Rig { $0.framesPerSegment = 2 }
    rig.works = false
    try rig.arrive(1, 1, event: "a")
    #expect(try rig.arrive(2, 1, event: "a") == .duplicate)
    #expect(try rig.arrive(1, 1, event: "a") == .known)
    try rig.arrive(3, 2, event: "b")
    _ = rig.queue.take()
    #expect(try rig.arrive(4, 1, event: "a") == .duplicate)
    _ = rig.queue.workEnded()
    // From here on what was recorded is known elsewhere.
    #expect(try rig.arrive(5, 1, event: "a") == .queued(isLate: true, isReady: false))
  }

  // MARK: Bounds

  @Test func beyondTheBoundOnlyIdsAreKept() throws {
    var rig = Rig {
      $0.framesPerSegment = 2
      $0.mostHeld = 4
    }
    rig.works = false
    for entry in UInt64(1)...4 { try rig.arrive(entry, Double(entry)) }
    for entry in UInt64(5)...9 { #expect(try rig.arrive(entry, Double(entry)) == .postponed) }
    #expect(rig.queue.heldCount == 4 && rig.queue.postponedCount == 5 && rig.queue.readAgain() == [])
    _ = rig.queue.take()
    _ = rig.queue.workEnded()
    #expect(rig.queue.doneID(afterWork: false) == EntryID(2, .max))
    #expect(rig.queue.readAgain(atMost: 1) == [EntryID(5)])
    #expect(rig.queue.readAgain() == [EntryID(6)] && rig.queue.readAgain() == [])
    rig.queue.readingFailed()
    #expect(rig.queue.readAgain() == [EntryID(5), EntryID(6)])
    // It comes behind those that wait longer, though there is room.
    #expect(try rig.arrive(10, 10) == .postponed)
    #expect(try rig.arrive(5, 5) == .queued(isLate: false, isReady: false))
    rig.queue.passed(EntryID(6))
    #expect(rig.queue.readAgain() == [EntryID(7)])
    #expect(rig.queue.heldCount == 3 && rig.queue.postponedCount == 4)
  }

  @Test func whatIsReadAgainWaitsFromThen() throws {
    var rig = Rig { $0.framesPerSegment = 3 }
    #expect(try rig.arrive(1, 1, at: 0, hasRoom: false) == .postponed)
    #expect(rig.queue.deadline == nil && !rig.queue.isIdle)
    #expect(rig.queue.readAgain() == [EntryID(1)])
    try rig.arrive(1, 1, at: 100)
    #expect(rig.queue.deadline == Made.instant(160))
  }
}
