package import Cluster
package import EventLoop
package import Identifiers
package import MediaLog
internal import Observability
internal import Synchronization

/// A stream that this worker runs: its source, its writer, the rule that supervises both. Confined to its home loop;
/// readers reach only its log.
///
/// ```
///   MediaSource ──events──▶ StreamRuntime ──bytes──▶ LogWriter ──▶ StreamLog ──▶ readers on all loops
///                             │    ▲
///                             ▼    │ actions
///                        SupervisionRule
/// ```
// Safe: all but `log`, `phase` and constants is confined to `home`, and every entry asserts it.
package final class StreamRuntime: @unchecked Sendable {
  package let id: StreamID
  package let log: StreamLog
  package let home: EventLoop
  let claim: Claim
  /// Its log began without a store, and is no other's.
  let beganAlone: Bool
  let phase = Mutex(Phase.running)

  let services: StreamServices
  var planner: SourcePlanner
  var outputInfo: [String: MediaProperty] = [:]
  let writer: LogWriter
  var rule: SupervisionRule
  /// Of the source that is open.
  var bitrate: BitrateRule?
  var bytesReceived: Int64 = 0
  var source: (any MediaSource)?
  /// A source that is not gone yet: the next one waits for it, so that the provider sees one connection.
  var closing: (any MediaSource)?
  var afterClosing: (() -> Void)?
  var attempt: SupervisionRule.Attempt?
  var ticks: LoopTimer?
  var pace: LoopTimer?
  var isHeld = false
  var idleCheck: LoopTimer?
  var whyFenced: LoopTimer?
  /// How often the coordinator has named this worker as the owner since the store said that it is not.
  var fencedWithoutReason = 0
  static let mostFencedWithoutReason = 8
  var isAsserting = false
  var update = StreamUpdate()
  /// What has been said of the stream since it exists, as far as this owner knows.
  var report: StreamReport
  var hasUpdate = false
  var secondCount = 0
  var onClosed: (() -> Void)?
  var onSuperseded: (() -> Void)?
  let logger: Logger

  init(claim: Claim, position: LogPosition, services: StreamServices, log: StreamLog, home: EventLoop) {
    home.assertInLoop()
    let settings = services.settings
    self.claim = claim
    beganAlone = position.beginsAlone
    report = claim.report
    self.services = services
    self.home = home
    id = claim.registration.id
    planner = SourcePlanner(registration: claim.registration, services: services)
    self.log = log
    rule = SupervisionRule(settings: settings.supervision, urlCount: 1)
    writer = LogWriter(
      log: log, store: services.store, epoch: claim.epoch, position: position, loop: home,
      settings: LogWriter.Settings(
        segmentSeconds: planner.segmentSeconds ?? settings.hlsSegmentSeconds,
        slackSeconds: planner.isTranscode ? 0 : 1))
    logger = services.logger.with(["stream.id": id.text])
  }

  /// Silence that counts as a stall where FFmpeg reads a playlist: three of the usual target durations. It does not
  /// tell what the playlist's own is.
  static let playlistStall = Duration.seconds(18)

  enum Phase: Sendable {
    /// Exits: the film's end → lingering; any other end → over.
    case running
    /// The film is over, its source closed; HLS viewers still read its end. Exits: no clients, stop → over.
    case lingering
    /// Nothing more comes. Exits: none.
    case over(SupervisionRule.Outcome)
  }

  /// Why the stream ended; nil while it runs, is over as it should be, or was stopped.
  package var failure: SourceFailure? {
    guard case .over(.failed(let failure)) = phase.withLock({ $0 }) else { return nil }
    return failure
  }

  /// It is closing or closed: who wants the stream starts it anew.
  package var isOver: Bool {
    if case .over = phase.withLock({ $0 }) { return true }
    return false
  }

  /// The film is over; what is left of it can still be read.
  package var isLingering: Bool {
    if case .lingering = phase.withLock({ $0 }) { return true }
    return false
  }

  // MARK: Start and end

  /// Opens the source, or goes on with one that is open: `warm`. `onSuperseded` runs when another worker has become the owner: the log is its log now. `onClosed` runs
  /// once, on the home loop, after the source is closed and the ownership released.
  func start(warm: WarmSource? = nil, onSuperseded: @escaping () -> Void, onClosed: @escaping () -> Void) {
    home.assertInLoop()
    (self.onSuperseded, self.onClosed) = (onSuperseded, onClosed)
    // A commit may be answered after the runtime is gone.
    writer.onFenced = { [weak self] in self?.askWhyFenced() }
    ticks = home.schedule(each: .milliseconds(250)) { [unowned self] in tick() }
    services.metrics.streamsStarted.add()
    logger.info("stream started", ["stream.epoch": claim.epoch.description])
    guard case .open(let attempt, let url) = rule.start(now: .now) else { return }
    if let warm { adopt(warm, attempt) } else { open(attempt, url: url) }
  }

  /// Ends the stream from outside: deleted, fenced, or the worker stops. From any thread; harmless when it is over.
  /// `killGrace`: how long its FFmpeg may take at most, if not FFMPEG_KILL_GRACE.
  package func stop(_ reason: StopReason, killGrace: Duration? = nil) {
    home.execute { [self] in
      finish(.stopped, .release(.stopped(reason)), killGrace: killGrace)
    }
  }

  enum Ending {
    case release(StreamEnding)
    /// The store has taken the ownership away: there is nothing to release.
    case doNothing
  }

  func finish(_ result: SupervisionRule.Outcome, _ ending: Ending, killGrace: Duration? = nil) {
    let isFirst = phase.withLock { phase in
      if case .over = phase { return false }
      phase = .over(result)
      return true
    }
    guard isFirst else { return }
    _ = rule.stop()
    (ticks, pace, idleCheck, whyFenced) = (nil, nil, nil, nil)
    endInput(LogEnd(result))
    log.end(LogEnd(result))
    logger.info("stream ended", ["outcome": result.word])
    let longest = services.settings.killGrace
    closeSource(grace: min(killGrace ?? longest, longest)) { [self] in release(ending) }
  }

  /// Another worker is the owner, or the next one that claims the stream. What waits for media here goes on with that one's.
  func supersede(_ ending: Ending = .doNothing) {
    guard !isOver else { return }
    _ = rule.stop()
    (ticks, pace, idleCheck, whyFenced) = (nil, nil, nil, nil)
    attempt = nil
    writer.abandon()
    services.metrics.ownershipsLost.add()
    logger.warning("another worker has taken the stream over")
    // First the stream is the follower's, so that nobody takes it for over.
    onSuperseded?()
    phase.withLock { $0 = .over(.stopped) }
    closeSource(grace: lossGrace) { [self] in release(ending) }
  }

  func endInput(_ end: LogEnd) {
    attempt = nil
    writer.endRun()
    writer.close(end)
  }

  /// The film is over: its source is closed, its log stays until its viewers have left.
  func linger() {
    phase.withLock { $0 = .lingering }
    pace = nil
    endInput(.ended)
    log.end(.ended)
    logger.info("film ended")
    closeSource(grace: lossGrace) {}
  }

  /// A source that is to be opened again is not waited for as long as one that is to end well.
  var lossGrace: Duration { min(services.settings.killGrace, .seconds(1)) }

  /// Closes what is open; `done` runs when nothing is left of it, at once if nothing is open. Called again before that,
  /// the later `done` counts.
  func closeSource(grace: Duration, _ done: @escaping () -> Void) {
    if let source {
      closing = source
      self.source = nil
      afterClosing = done
      return source.close(grace: grace) { [self] in
        closing = nil
        let done = afterClosing
        afterClosing = nil
        done?()
      }
    }
    if closing != nil { afterClosing = done } else { done() }
  }

  func release(_ ending: Ending) {
    let (services, id, epoch, last) = (services, id, claim.epoch, takeUpdate())
    Task { [home] in
      if case .release(let ending) = ending {
        if let last { _ = try? await services.coordinator.update(id, epoch: epoch, last) }
        _ = try? await services.coordinator.release(id, epoch: epoch, ending)
        try? await services.store.clear(id, epoch: epoch)
      }
      await services.forgetIfDeleted(id)
      home.execute { [self] in
        let closed = onClosed
        (onClosed, onSuperseded) = (nil, nil)
        closed?()
      }
    }
  }
}

extension SupervisionRule.Outcome {
  fileprivate var word: String {
    switch self {
    case .ended: "ended"
    case .stopped: "stopped"
    case .failed(let failure): failure.word
    }
  }
}

extension LogEnd {
  fileprivate init(_ outcome: SupervisionRule.Outcome) {
    switch outcome {
    case .ended: self = .ended
    case .stopped: self = .stopped
    case .failed: self = .failed
    }
  }
}
