package import EventLoop
package import Identifiers
internal import Observability
package import TransportStream

/// Turns a source's bytes into the chunks of a log. Confined to the stream's home loop.
///
/// ```
///   bytes ─▶ PacketAligner ─▶ StreamNormalizer ─▶ open chunk ──tick──▶ published to readers
///                                                     └─random access point, full, 250 ms─▶ sealed ─▶ CommitQueue
/// ```
package final class LogWriter {
  package struct Settings: Sendable {
    /// HLS_SEGMENT_SECONDS.
    package var segmentSeconds: Double
    /// Whole seconds of slack in TARGETDURATION where key frames do not follow our clock.
    package var slackSeconds: Int

    package init(segmentSeconds: Double, slackSeconds: Int) {
      self.segmentSeconds = segmentSeconds
      self.slackSeconds = slackSeconds
    }
  }

  /// What wakes the readers: so many bytes, or so long after the first of them.
  private static let tickBytes = 196_608
  private static let tick = Duration.milliseconds(100)
  private static let longestOpen = Duration.milliseconds(250)
  /// Random access points nearer to each other (90 kHz) share a chunk: each frame of some streams is one.
  private static let shortestOpen: Int64 = 13_500
  /// Packets between two looks whether the segment has become too long.
  private static let packetsAtOnce = 8

  private let log: StreamLog
  private let loop: EventLoop
  private let epoch: Epoch
  private let commits: CommitQueue
  private var aligner = PacketAligner()
  private var normalizer: StreamNormalizer
  private var segments: SegmentRule
  private var clock: ChunkClock
  private var dates = ProgramDate()
  private var pacing = PacingRule(burst: .seconds(2))
  private var programClock: Int64?
  private var hasProgramClock = false
  private var nextNumber: ChunkNumber
  private var open: Chunk?
  private var written = 0
  private var unannounced = 0
  private var sealTimer: LoopTimer?
  private var tickTimer: LoopTimer?
  /// The log has media of an earlier run: what comes next is a splice.
  private var continues: Bool
  /// Decode time where the log ended before this writer, 90 kHz.
  private let endTime: Int64?
  /// The times of this run are to go on where the log ended.
  private var joins = false
  /// What is added to this run's times for that, 90 kHz.
  private var shift: Int64 = 0
  /// Bytes that have gone into the log.
  package private(set) var totalBytes: UInt64 = 0

  /// `position` is the store's answer to opening the log with `epoch`.
  package init(
    log: StreamLog, store: any ChunkStore, epoch: Epoch, position: LogPosition, loop: EventLoop, settings: Settings
  ) {
    self.log = log
    self.loop = loop
    self.epoch = epoch
    nextNumber = position.nextChunk
    continues = position.continues
    endTime = position.endTime
    clock = ChunkClock(start: position.endTime ?? 0)
    let window = log.snapshot().window
    let isWhole = window.last?.chunk.number.next == position.nextChunk
    normalizer = StreamNormalizer(
      continuing: isWhole ? window.continuityBehind : [], lastDecodeTime: position.endTime)
    segments = SegmentRule(
      segmentSeconds: settings.segmentSeconds, slackSeconds: settings.slackSeconds, target: position.targetDuration)
    commits = CommitQueue(log: log, store: store, position: position, loop: loop)
  }

  /// The stream has a newer owner. Called once, on the loop.
  package var onFenced: (() -> Void)? {
    get { commits.onFenced }
    set { commits.onFenced = newValue }
  }

  /// What the media is, as far as its tables and headers told.
  package var mediaInfo: MediaInfo { normalizer.mediaInfo }

  /// Decode time of the main stream where the log ends: unwrapped, 90 kHz. Nil before the first media.
  package var mediaEnd: Int64? { clock.mediaEnd ?? endTime }

  /// What can be said of the input of this run.
  package var verdict: PacketAligner.Verdict { aligner.verdict }

  /// The first bytes of this run's input, at most 512: they tell a playlist or a page from media.
  package var firstBytes: [UInt8] { aligner.firstBytes }

  // MARK: The source's side

  /// Another run of the source begins: a first or reopened connection, a new FFmpeg. `joins`: its clock is its own, and its
  /// times are moved so that they go on where the log ended.
  package func beginRun(joins: Bool = false) {
    loop.assertInLoop()
    (self.joins, shift) = (joins, 0)
    aligner = PacketAligner()
    normalizer.beginRun()
    restartPacing()
  }

  /// In place of the first `beginRun`, where another connection to the log's source goes on: the next packet is the one
  /// behind the log's last, and its times are the log's. There is no splice then, and the last segment goes on. Answers how
  /// the log ends, so that the packet can be found; nil: it cannot, and another run must begin, as it may all the same.
  package func continueRun() -> PacketTrace? {
    loop.assertInLoop()
    beginRun()
    let window = log.snapshot().window
    guard let endTime, let trace = window.trace, let seam = LogSeam(window, next: nextNumber) else { return nil }
    var (point, clock) = (seam.point, ChunkClock())
    let isRead = point.withUnsafeMutableBytes { point in
      normalizer.resume(reading: point, endTime: endTime) { clock.observe($0) }
    }
    guard isRead else { return nil }
    clock.resume(at: endTime, sealed: seam.span)
    self.clock = clock
    segments.resume(lastPoint: seam.lastPoint)
    _ = dates.date(at: 0, now: seam.wallMilliseconds)
    continues = false
    return trace
  }

  /// Takes the next bytes of the source, of any length; may change them. Answers whether media went into the log.
  package func append(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
    loop.assertInLoop()
    let before = totalBytes
    aligner.push(bytes) { run in push(run) }
    announceInTicks()
    return totalBytes > before
  }

  /// The run is over: what was held back goes into the log, and readers get it. `beginRun` comes before more bytes.
  package func endRun() {
    loop.assertInLoop()
    aligner.finish { run in push(run) }
    normalizer.flush { take($0) }
    seal(next: nil)
    announce()
  }

  /// How long the source must wait before more of it is read; zero as a rule.
  package func delay(now: ContinuousClock.Instant) -> Duration {
    guard let programClock else { return .zero }
    return pacing.delay(clock: programClock, now: now)
  }

  /// Ends the last chunk and stops the timers; `onFenced` does not come any more. The writer is not used any more.
  /// `end`: what the readers of other workers are told once the store has all; nil: that another owner goes on.
  package func close(_ end: LogEnd?) {
    loop.assertInLoop()
    seal(next: nil)
    announce()
    commits.close(end, epoch)
  }

  /// The stream has another owner: nothing more is offered to the store.
  package func abandon() {
    loop.assertInLoop()
    open = nil
    (sealTimer, tickTimer) = (nil, nil)
    commits.abandon()
  }

  private func push(_ run: UnsafeMutableRawBufferPointer) {
    var rest = run
    while !rest.isEmpty {
      // One by one where a segment may have to be cut: each packet may begin a frame.
      let step = Int64(Self.packetsAtOnce) * clock.frame
      let isNear = segments.latestEnd.map { clock.end + step >= $0 } ?? false
      let size = min(rest.count, isNear ? PacketView.size : Self.packetsAtOnce * PacketView.size)
      normalizer.push(UnsafeMutableRawBufferPointer(rebasing: rest[..<size])) { take($0) }
      rest = UnsafeMutableRawBufferPointer(rebasing: rest[size...])
      cutIfOverdue()
    }
  }

  private func restartPacing() {
    pacing.restart()
    programClock = nil
    hasProgramClock = false
  }

  // MARK: Chunks

  private func take(_ event: NormalizedEvent) {
    switch event {
    case .packets(let packets): store(packets)
    case .clock(let clock):
      programClock = clock
      hasProgramClock = true
    case .mark(let mark): note(joined(mark))
    }
  }

  /// The mark in the log's times.
  private func joined(_ mark: NormalizedEvent.Mark) -> NormalizedEvent.Mark {
    guard let time = mark.decodeTime else { return mark }
    if joins, mark.hasTables {
      joins = false
      shift = mediaEnd.map { max($0 - time, overlap(of: mark, near: $0) ?? .min) } ?? 0
    }
    var mark = mark
    mark.decodeTime = time + shift
    return mark
  }

  /// What keeps the first picture of a run from being shown before the last one of the log.
  private func overlap(of mark: NormalizedEvent.Mark, near end: Int64) -> Int64? {
    guard let first = mark.presentationTime, let last = log.snapshot().window.latestPicture(near: end) else {
      return nil
    }
    return last + clock.frame - first
  }

  private func note(_ mark: NormalizedEvent.Mark) {
    if mark.hasTables {
      if mark.discontinuity || continues { splice(mark) } else { point(mark) }
    }
    guard let time = mark.decodeTime else { return }
    clock.observe(time)
    if !hasProgramClock { programClock = time * 300 }
  }

  /// The first random access point of another run or time line.
  private func splice(_ mark: NormalizedEvent.Mark) {
    continues = false
    seal(next: nil)
    clock.restart(at: mark.decodeTime)
    dates.restart()
    restartPacing()
    _ = segments.randomAccessPoint(at: clock.sealed, followsDiscontinuity: true)
    openChunk(isRandomAccess: true, isSplice: true, startsSegment: true, continuity: mark.continuity)
  }

  private func point(_ mark: NormalizedEvent.Mark) {
    if let time = mark.decodeTime { clock.observe(time) }
    let limit = segments.latestEnd
    let position = min(clock.position, limit ?? .max)
    let starts = segments.randomAccessPoint(at: position, followsDiscontinuity: false)
    if let open, !starts, open.header.isRandomAccess, position - clock.sealed < Self.shortestOpen { return }
    seal(next: mark.decodeTime, notAfter: limit)
    openChunk(isRandomAccess: true, isSplice: false, startsSegment: starts, continuity: mark.continuity)
  }

  /// A segment that gets too long ends although no random access point is in sight; the next begins with the tables
  /// all the same.
  private func cutIfOverdue() {
    let limit = segments.latestEnd
    guard normalizer.isRunning, segments.cutIfOverdue(at: clock.end, frame: clock.frame) else { return }
    seal(next: nil, notAfter: limit)
    openChunk(isRandomAccess: false, isSplice: false, startsSegment: true, continuity: [])
    normalizer.repeatTables { take($0) }
  }

  private func openChunk(
    isRandomAccess: Bool, isSplice: Bool, startsSegment: Bool, continuity: ContiguousArray<PIDContinuity>
  ) {
    let now = Int64(WallTime.now.milliseconds)
    let chunk = Chunk(
      ChunkHeader(
        number: nextNumber, epoch: epoch, isRandomAccess: isRandomAccess, followsDiscontinuity: isSplice,
        startsSegment: startsSegment, startTime: clock.chunkStart,
        wallMilliseconds: dates.date(at: clock.sealed, now: now), continuity: continuity,
        listedSegments: startsSegment ? listedSegments : 0))
    nextNumber = nextNumber.next
    open = chunk
    written = 0
    log.open(chunk)
    sealTimer = loop.schedule(after: Self.longestOpen) { [unowned self] in seal(next: nil) }
  }

  private var listedSegments: Int {
    PlaylistRule.listedSegments(behind: log.snapshot().window, listSize: log.listSize, limits: log.limits)
  }

  private func store(_ packets: UnsafeRawBufferPointer) {
    var rest = packets
    while let start = rest.baseAddress, !rest.isEmpty {
      if open == nil { openChunk(isRandomAccess: false, isSplice: false, startsSegment: false, continuity: []) }
      guard let open else { return }
      let size = min(rest.count, Chunk.capacity - written)
      let place = open.bytes.advanced(by: written)
      place.copyMemory(from: start, byteCount: size)
      if shift != 0 {
        TimestampShift(ticks: shift).apply(to: UnsafeMutableRawBufferPointer(start: place, count: size))
      }
      written += size
      unannounced += size
      totalBytes &+= UInt64(size)
      rest = UnsafeRawBufferPointer(rebasing: rest[size...])
      if written == Chunk.capacity { seal(next: nil) }
    }
  }

  private func seal(next: Int64?, notAfter limit: Int64? = nil) {
    guard let chunk = open else { return }
    open = nil
    sealTimer = nil
    let duration = clock.seal(next: next, notAfter: limit ?? segments.latestEnd)
    let sealed = SealedChunk(
      chunk: chunk, byteCount: written, duration: duration, targetDuration: segments.targetDuration)
    log.seal(sealed)
    commits.add(sealed)
  }

  // MARK: Ticks

  /// Readers learn of new bytes in ticks, whatever chunks they are in: few large writes cost a fraction of many small.
  private func announceInTicks() {
    if unannounced >= Self.tickBytes { return announce() }
    guard unannounced > 0, tickTimer == nil else { return }
    tickTimer = loop.schedule(after: Self.tick) { [unowned self] in announce() }
  }

  private func announce() {
    tickTimer = nil
    guard unannounced > 0 else { return }
    unannounced = 0
    log.announce(openBytes: open == nil ? 0 : written)
  }
}
