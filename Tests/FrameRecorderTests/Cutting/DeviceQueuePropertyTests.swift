import FrameRecorder
import TestKit
import Testing

/// Random arrivals, timers and encoders against a model that keeps plain lists and sorts them whole each time.
@Suite struct DeviceQueuePropertyTests {
  /// What the queue should cut, said as simply as possible; timing `fixed`, no bound.
  private struct Model {
    let settings: CutSettings
    var pending: [(frame: QueuedFrame, readAt: Double)] = []
    var cut: [[EntryID]] = []
    var lastCapture: FrameTime?

    private var sorted: [QueuedFrame] {
      pending.map(\.frame).sorted {
        $0.event.capture == $1.event.capture ? $0.entry < $1.entry : $0.event.capture < $1.event.capture
      }
    }

    mutating func take(_ count: Int) {
      guard count > 0 else { return }
      let frames = sorted.prefix(count)
      cut.append(frames.map(\.entry))
      lastCapture = frames.last?.event.capture
      pending.removeAll { item in frames.contains { $0.entry == item.frame.entry } }
    }

    /// Whether the frame is late.
    mutating func arrive(_ frame: QueuedFrame, now: Double) -> Bool {
      let captures = pending.map(\.frame.event.capture.milliseconds)
      let capture = frame.event.capture.milliseconds
      if let oldest = captures.min(), let newest = captures.max(),
        capture - newest > 60_000 || oldest - capture > 30_000
      {
        take(pending.count)
      }
      let isLate = lastCapture.map { frame.event.capture < $0 } ?? false
      pending.append((frame, now))
      while pending.count >= settings.framesPerSegment { take(settings.framesPerSegment) }
      return isLate
    }

    mutating func timer(now: Double) {
      if let first = pending.map(\.readAt).min(), now - first >= 60 { take(pending.count) }
    }
  }

  private struct Run {
    var generator: SeededGenerator
    var now = 0.0
    var clock = 1_000.0
    var nextEntry: UInt64 = 1

    /// `event`: another one's; nil is one of its own.
    mutating func frame(event: String? = nil) throws -> QueuedFrame {
      now += .random(in: 0...8, using: &generator)
      switch Int.random(in: 0..<20, using: &generator) {
      case 0: clock += .random(in: 50...70, using: &generator)
      case 1: clock -= .random(in: 20...40, using: &generator)
      case 2: break
      default: clock += .random(in: -2...6, using: &generator)
      }
      nextEntry += .random(in: 1...3, using: &generator)
      return try Made.frame(nextEntry, clock, event: event)
    }
  }

  @Test(arguments: 1...60) func theQueueCutsAsTheModelDoes(seed: UInt64) throws {
    var run = Run(generator: SeededGenerator(seed: seed))
    var settings = CutSettings()
    settings.framesPerSegment = .random(in: 1...7, using: &run.generator)
    settings.mostHeld = .max
    var model = Model(settings: settings)
    var queue = DeviceQueue(settings: settings, lastCapture: nil, interval: 5_000)
    var recorded: [[EntryID]] = []
    for _ in 0..<300 {
      switch Int.random(in: 0..<10, using: &run.generator) {
      case 0..<6:
        let frame = try run.frame()
        let isLate = model.arrive(frame, now: run.now)
        let arrival = queue.arrived(frame, now: Made.instant(run.now))
        guard case .queued(isLate, _) = arrival else {
          Issue.record("seed \(seed): \(arrival), late \(isLate)")
          return
        }
      case 6, 7:
        model.timer(now: run.now)
        _ = queue.deadlinePassed(now: Made.instant(run.now))
      case 8: if let batch = queue.take() { recorded.append(batch.frames.map(\.entry)) }
      default: _ = queue.workEnded()
      }
      #expect(queue.pendingCount == model.pending.count, "seed \(seed)")
    }
    model.take(model.pending.count)
    _ = queue.flush(now: Made.instant(run.now))
    _ = queue.workEnded()
    while let batch = queue.take() {
      recorded.append(batch.frames.map(\.entry))
      _ = queue.workEnded()
    }
    #expect(recorded == model.cut, "seed \(seed)")
    #expect(queue.isIdle && recorded.count > 5)
  }

  /// A small bound, capture timing, duplicates and failed reads: each event is in exactly one batch, none is too long.
  @Test(arguments: 1...40) func everyEventIsInOneBatch(seed: UInt64) throws {
    var run = Run(generator: SeededGenerator(seed: seed))
    var settings = CutSettings()
    settings.framesPerSegment = .random(in: 1...5, using: &run.generator)
    settings.mostHeld = settings.framesPerSegment + .random(in: 0...4, using: &run.generator)
    settings.timing = .capture(longest: 900_000, last: 0)
    var queue = DeviceQueue(settings: settings, lastCapture: nil, interval: 3_000)
    var stream: [EntryID: QueuedFrame] = [:]
    var recorded: [EntryID] = []
    var acknowledged: Set<EntryID> = []
    var seen: Set<String> = []
    func read(_ frame: QueuedFrame) {
      if seen.contains(frame.event.eventID), !recorded.contains(frame.entry) {
        queue.passed(frame.entry)
        acknowledged.insert(frame.entry)
        return
      }
      switch queue.arrived(frame, now: Made.instant(run.now)) {
      case .duplicate:
        queue.passed(frame.entry)
        acknowledged.insert(frame.entry)
      case .known, .postponed, .queued: break
      }
      #expect(queue.heldCount <= settings.mostHeld, "seed \(seed)")
    }
    func end() {
      let done = queue.doneID(afterWork: true)
      _ = queue.workEnded()
      for (entry, _) in stream where done.map({ entry <= $0 }) ?? false {
        #expect(recorded.contains(entry) || acknowledged.contains(entry), "seed \(seed): \(entry) is not done")
      }
    }
    func take() {
      guard let batch = queue.take() else { return }
      let captures = batch.frames.map(\.event.capture.milliseconds)
      #expect(captures == captures.sorted() && batch.frames.count <= settings.framesPerSegment)
      #expect((captures.last ?? 0) - (captures.first ?? 0) < 10_000 || batch.frames.count == 1, "seed \(seed)")
      recorded += batch.frames.map(\.entry)
      seen.formUnion(batch.frames.map(\.event.eventID))
    }
    for _ in 0..<200 {
      switch Int.random(in: 0..<8, using: &run.generator) {
      case 0..<4:
        let frame = try run.frame()
        stream[frame.entry] = frame
        read(frame)
      case 4:
        // The same event once more, and the same entry once more.
        guard let key = stream.keys.sorted().randomElement(using: &run.generator), let known = stream[key] else {
          continue
        }
        let again = try run.frame(event: known.event.eventID)
        stream[again.entry] = again
        read(again)
        if !recorded.contains(known.entry), !acknowledged.contains(known.entry) { read(known) }
      case 5: take()
      case 6: end()
      default:
        let asked = queue.readAgain()
        if Bool.random(using: &run.generator) {
          queue.readingFailed()
        } else {
          for entry in asked { if let frame = stream[entry] { read(frame) } }
        }
      }
    }
    while !queue.isIdle {
      queue.readingFailed()
      for entry in queue.readAgain() { if let frame = stream[entry] { read(frame) } }
      _ = queue.flush(now: Made.instant(run.now))
      end()
      take()
    }
    #expect(Set(recorded).count == recorded.count, "seed \(seed): recorded twice")
    #expect(acknowledged.union(recorded) == Set(stream.keys), "seed \(seed): lost")
    #expect(seen.count == recorded.count, "seed \(seed): an event twice")
  }
}
