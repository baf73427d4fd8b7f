package import EventLoop
package import Identifiers
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

  private static let tickBytes = 65_536
  private static let tick = Duration.milliseconds(100)
  private static let longestOpen = Duration.milliseconds(250)

  private let log: StreamLog
  private let loop: EventLoop
  private let epoch: Epoch
  private let commits: CommitQueue
  private var aligner = PacketAligner()
  private var normalizer: StreamNormalizer
  private var segments: SegmentRule
  private var clock = ChunkClock()
  private var pacing = PacingRule(burst: .seconds(2))
  private var programClock: Int64?
  private var nextNumber: ChunkNumber
  private var open: Chunk?
  private var written = 0
  private var published = 0
  private var sealTimer: LoopTimer?
  private var tickTimer: LoopTimer?
  /// The log has media of an earlier run: what comes next is a splice.
  private var continues: Bool
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
    normalizer = StreamNormalizer()
    segments = SegmentRule(
      segmentSeconds: settings.segmentSeconds, slackSeconds: settings.slackSeconds, target: position.targetDuration)
    commits = CommitQueue(log: log, store: store, loop: loop)
  }

  /// The stream has a newer owner. Called once, on the loop.
  package var onFenced: (() -> Void)? {
    get { commits.onFenced }
    set { commits.onFenced = newValue }
  }

  /// What the media is, as far as its tables and headers told.
  package var mediaInfo: MediaInfo { normalizer.mediaInfo }

  /// Of the main stream's last frame: unwrapped, 90 kHz. Nil before the first media.
  package var lastDecodeTime: Int64? { normalizer.lastDecodeTime }

  /// What can be said of the input of this run.
  package var verdict: PacketAligner.Verdict { aligner.verdict }

  /// The first bytes of this run's input, at most 512: they tell a playlist or a page from media.
  package var firstBytes: [UInt8] { aligner.firstBytes }

  // MARK: The source's side

  /// Another run of the source begins: a first or reopened connection, a new FFmpeg.
  package func beginRun() {
    loop.assertInLoop()
    aligner = PacketAligner()
    normalizer.beginRun()
    pacing.restart()
    programClock = nil
  }

  /// Takes the next bytes of the source, of any length; may change them. Answers whether media went into the log.
  package func append(_ bytes: UnsafeMutableRawBufferPointer) -> Bool {
    loop.assertInLoop()
    let before = totalBytes
    aligner.push(bytes) { run in
      normalizer.push(run) { take($0) }
    }
    settle()
    return totalBytes > before
  }

  /// The run is over: what was held back goes into the log, and readers get it.
  package func endRun() {
    loop.assertInLoop()
    aligner.finish { run in normalizer.push(run) { take($0) } }
    normalizer.flush { take($0) }
    seal(next: nil)
  }

  /// How long the source must wait before more of it is read; zero as a rule.
  package func delay(now: ContinuousClock.Instant) -> Duration {
    guard let programClock else { return .zero }
    return pacing.delay(clock: programClock, now: now)
  }

  /// Stops the timers. The writer is not used any more.
  package func close() {
    loop.assertInLoop()
    seal(next: nil)
    sealTimer = nil
    tickTimer = nil
  }

  // MARK: Chunks

  private func take(_ event: NormalizedEvent) {
    switch event {
    case .packets(let packets): store(packets)
    case .clock(let clock): programClock = clock
    case .mark(let mark): note(mark)
    }
  }

  private func note(_ mark: NormalizedEvent.Mark) {
    if mark.randomAccess {
      let isSplice = mark.discontinuity || continues
      continues = false
      seal(next: mark.discontinuity ? nil : mark.decodeTime)
      if isSplice || totalBytes == 0, let time = mark.decodeTime { clock.restart(at: time) }
      let starts = segments.randomAccessPoint(at: clock.chunkStart, followsDiscontinuity: isSplice)
      openChunk(isRandomAccess: true, isSplice: isSplice, startsSegment: starts, continuity: mark.continuity)
    }
    if let time = mark.decodeTime { clock.observe(time) }
  }

  private func openChunk(
    isRandomAccess: Bool, isSplice: Bool = false, startsSegment: Bool, continuity: ContiguousArray<PIDContinuity> = []
  ) {
    let chunk = Chunk(
      ChunkHeader(
        number: nextNumber, epoch: epoch, isRandomAccess: isRandomAccess, followsDiscontinuity: isSplice,
        startsSegment: startsSegment, startTime: clock.chunkStart, wallMilliseconds: WallClock.milliseconds(),
        continuity: continuity))
    nextNumber = nextNumber.next
    open = chunk
    written = 0
    published = 0
    log.open(chunk)
    sealTimer = loop.schedule(after: Self.longestOpen) { [unowned self] in seal(next: nil) }
  }

  private func store(_ packets: UnsafeRawBufferPointer) {
    var rest = packets
    while let start = rest.baseAddress, !rest.isEmpty {
      if open == nil { openChunk(isRandomAccess: false, startsSegment: false) }
      guard let open else { return }
      let size = min(rest.count, Chunk.capacity - written)
      open.bytes.advanced(by: written).copyMemory(from: start, byteCount: size)
      written += size
      totalBytes &+= UInt64(size)
      rest = UnsafeRawBufferPointer(rebasing: rest[size...])
      if written == Chunk.capacity { seal(next: nil) }
    }
  }

  /// After each piece of input: lets readers have it in ticks, and cuts a segment that has become too long.
  private func settle() {
    if segments.cutIfOverdue(at: clock.chunkStart), open != nil || totalBytes > 0 { cut() }
    let waiting = written - published
    if open == nil || waiting == 0 { return }
    if waiting >= Self.tickBytes { return publish() }
    guard tickTimer == nil else { return }
    tickTimer = loop.schedule(after: Self.tick) { [unowned self] in publish() }
  }

  /// A segment begins although no random access point is in sight; it begins with the tables all the same.
  private func cut() {
    seal(next: nil)
    openChunk(isRandomAccess: false, startsSegment: true)
    normalizer.repeatTables { take($0) }
  }

  private func publish() {
    tickTimer = nil
    guard open != nil, written > published else { return }
    published = written
    log.publish(written)
  }

  private func seal(next: Int64?) {
    guard let chunk = open else { return }
    open = nil
    sealTimer = nil
    tickTimer = nil
    let sealed = SealedChunk(
      chunk: chunk, byteCount: written, duration: clock.seal(next: next), targetDuration: segments.targetDuration)
    log.seal(sealed)
    commits.add(sealed)
  }
}
