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
package final class StreamRuntime: @unchecked Sendable {
  // Safe: all but `log`, `phase` and constants is confined to `home`, and every entry asserts it.
  package let id: StreamID
  package let log: StreamLog
  package let home: EventLoop
  let claim: Claim
  private let phase = Mutex(Phase.running)

  private let services: StreamServices
  private var planner: SourcePlanner
  private var outputInfo: [String: MediaProperty] = [:]
  private let writer: LogWriter
  private var rule: SupervisionRule
  private var source: (any MediaSource)?
  /// A source that is not gone yet: the next one waits for it, so that the provider sees one connection.
  private var closing: (any MediaSource)?
  private var afterClosing: (() -> Void)?
  private var attempt: SupervisionRule.Attempt?
  private var ticks: LoopTimer?
  private var pace: LoopTimer?
  private var isHeld = false
  private var idleCheck: LoopTimer?
  private var update = StreamUpdate()
  private var hasUpdate = false
  private var secondCount = 0
  private var onClosed: (@Sendable () -> Void)?
  private let logger: Logger

  init(claim: Claim, position: LogPosition, services: StreamServices, home: EventLoop) {
    home.assertInLoop()
    let settings = services.settings
    self.claim = claim
    self.services = services
    self.home = home
    id = claim.registration.id
    planner = SourcePlanner(registration: claim.registration, services: services)
    log = StreamLog(id: id, limits: settings.window, listSize: planner.listSize ?? settings.hlsListSize)
    rule = SupervisionRule(settings: settings.supervision, urlCount: 1)
    writer = LogWriter(
      log: log, store: services.store, epoch: claim.epoch, position: position, loop: home,
      settings: LogWriter.Settings(
        segmentSeconds: planner.segmentSeconds ?? settings.hlsSegmentSeconds,
        slackSeconds: planner.followsOurKeyFrames ? 0 : 1))
    logger = services.logger.with(["stream.id": id.text])
  }

  /// Silence that counts as a stall where FFmpeg reads a playlist: three of the usual target durations. It does not
  /// tell what the playlist's own is.
  private static let playlistStall = Duration.seconds(18)

  private enum Phase: Sendable {
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

  /// Opens the source. `onClosed` runs once, after the source is closed and the ownership released.
  func start(onClosed: @escaping @Sendable () -> Void) {
    home.assertInLoop()
    self.onClosed = onClosed
    // A commit may be answered after the runtime is gone.
    writer.onFenced = { [weak self] in self?.finish(.stopped, .doNothing) }
    ticks = home.schedule(each: .milliseconds(250)) { [unowned self] in tick() }
    services.metrics.streamsStarted.add()
    logger.info("stream started", ["stream.epoch": claim.epoch.description])
    if case .open(let attempt, let url) = rule.start(now: .now) { open(attempt, url: url) }
  }

  /// Ends the stream from outside: deleted, fenced, or the worker stops. From any thread; harmless when it is over.
  package func stop(_ reason: StopReason) {
    home.execute { [self] in
      finish(.stopped, .release(.stopped(reason)))
    }
  }

  private enum Ending {
    case release(StreamEnding)
    /// The store has taken the ownership away: there is nothing to release.
    case doNothing
  }

  private func finish(_ result: SupervisionRule.Outcome, _ ending: Ending) {
    let isFirst = phase.withLock { phase in
      if case .over = phase { return false }
      phase = .over(result)
      return true
    }
    guard isFirst else { return }
    _ = rule.stop()
    (ticks, pace, idleCheck) = (nil, nil, nil)
    endInput()
    log.end(LogEnd(result))
    logger.info("stream ended", ["outcome": result.word])
    closeSource(grace: services.settings.killGrace) { [self] in release(ending) }
  }

  private func endInput() {
    attempt = nil
    writer.endRun()
    writer.close()
  }

  /// The film is over: its source is closed, its log stays until its viewers have left.
  private func linger() {
    phase.withLock { $0 = .lingering }
    pace = nil
    endInput()
    log.end(.ended)
    logger.info("film ended")
    closeSource(grace: lossGrace) {}
  }

  /// A source that is to be opened again is not waited for as long as one that is to end well.
  private var lossGrace: Duration { min(services.settings.killGrace, .seconds(1)) }

  /// Closes what is open; `done` runs when nothing is left of it, at once if nothing is open. Called again before that,
  /// the later `done` counts.
  private func closeSource(grace: Duration, _ done: @escaping () -> Void) {
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

  private func release(_ ending: Ending) {
    let (services, id, epoch, last) = (services, id, claim.epoch, takeUpdate())
    let closed = onClosed
    onClosed = nil
    Task {
      if case .release(let ending) = ending {
        if let last { _ = try? await services.coordinator.update(id, epoch: epoch, last) }
        _ = try? await services.coordinator.release(id, epoch: epoch, ending)
      }
      try? await services.store.clear(id, epoch: epoch)
      await services.forgetIfDeleted(id)
      closed?()
    }
  }

  // MARK: The source

  private func open(_ attempt: SupervisionRule.Attempt, url: Int) {
    self.attempt = attempt
    if rule.restarts > 0 { services.metrics.sourceRetries.add() }
    writer.beginRun()
    isHeld = false
    rule.stall =
      planner.readsPlaylist
      ? max(services.settings.supervision.stall, Self.playlistStall) : services.settings.supervision.stall
    let source = planner.source(on: home, continuingAt: writer.lastDecodeTime)
    self.source = source
    note { $0.phase = phaseWord }
    source.open { [weak self] event in self?.take(event, attempt) }
  }

  private func take(_ event: MediaSourceEvent, _ attempt: SupervisionRule.Attempt) {
    guard attempt == self.attempt else { return }
    switch event {
    case .alive: rule.sign(attempt, now: .now)
    case .bytes(let bytes): append(bytes, attempt)
    case .process(let pid): note { $0.ffmpegPID = pid ?? 0 }
    case .progress(let report):
      rule.sign(attempt, now: .now)
      note { $0.outputMediaInfo = outputInfo.merging(report.fields) { $1 } }
    case .mediaInfo(let input, let output):
      rule.sign(attempt, now: .now)
      outputInfo = output
      note { $0.mediaInfo = input }
    case .failed(let failure): lose(rule.failed(attempt, failure, now: .now), failure)
    case .ended(let isComplete): ended(attempt, isComplete: isComplete)
    }
  }

  private func ended(_ attempt: SupervisionRule.Attempt, isComplete: Bool) {
    // All of a short film may still be held back; and all of a short playlist has told nothing yet.
    let before = writer.totalBytes
    writer.endRun()
    if writer.verdict == .notTransportStream, !writer.firstBytes.isEmpty { return refuse(attempt) }
    if writer.totalBytes > before, rule.media(attempt, now: .now) { firstMedia() }
    lose(rule.ended(attempt, isComplete: isComplete, now: .now), .closed)
  }

  private func append(_ bytes: UnsafeMutableRawBufferPointer, _ attempt: SupervisionRule.Attempt) {
    services.metrics.bytesIn.add(UInt64(bytes.count))
    update.addedBytesReceived += UInt64(bytes.count)
    hasUpdate = true
    let now = ContinuousClock.now
    if writer.append(bytes) {
      if rule.media(attempt, now: now) { firstMedia() }
    } else {
      switch writer.verdict {
      case .undecided: break
      case .transportStream: rule.sign(attempt, now: now)
      case .notTransportStream: return refuse(attempt)
      }
    }
    let delay = writer.delay(now: now)
    guard delay >= .milliseconds(20), !isHeld else { return }
    isHeld = true
    source?.hold()
    pace = home.schedule(after: min(delay, .seconds(1))) { [unowned self] in
      isHeld = false
      source?.resume()
    }
  }

  private func firstMedia() {
    logger.info("media flows", ["stream.restarts": String(rule.restarts)])
    note { $0.phase = .running }
    sendUpdate()
  }

  /// What came is no MPEG-TS: a playlist is read by FFmpeg from now on, anything else is a failed source.
  private func refuse(_ attempt: SupervisionRule.Attempt) {
    let failure = planner.adopt(firstBytes: writer.firstBytes)
    lose(rule.failed(attempt, failure, now: .now), failure)
  }

  private func lose(_ action: SupervisionRule.LossAction, _ failure: SourceFailure) {
    switch action {
    case .doNothing: break
    case .close: loseSource(failure)
    case .finish(.ended): linger()
    case .finish(.stopped): finish(.stopped, .release(.stopped(.shutdown)))
    case .finish(let outcome):
      noteFailure(failure)
      finish(outcome, .release(.failed))
    }
  }

  private func loseSource(_ failure: SourceFailure) {
    if case .isPlaylist = failure {
      logger.info("the source is a playlist")
    } else {
      noteFailure(failure)
    }
    note { $0.phase = phaseWord }
    attempt = nil
    pace = nil
    writer.endRun()
    closeSource(grace: lossGrace) { [self] in
      // Where there is nothing to wait for, the next source is opened at once.
      if !isOver { step(rule.tick(now: .now, isHeld: false)) }
    }
  }

  private func noteFailure(_ failure: SourceFailure) {
    services.metrics.sourceFailures.with([failure.word]).add()
    services.metrics.upstreamErrors.add()
    if case .ffmpegExited(let code, _) = failure {
      services.metrics.ffmpegExits.with([String(code)]).add()
      services.metrics.ffmpegEnds.add()
    }
    let reason = Masking.mask(text: failure.reason)
    logger.warning("source failed", ["reason": reason])
    note {
      $0.lastError = reason
      $0.addedErrors += 1
    }
  }

  private func tick() {
    if closing == nil { step(rule.tick(now: .now, isHeld: isHeld)) }
    secondCount = (secondCount + 1) % 4
    guard secondCount == 0, !isOver else { return }
    note { $0.targetDuration = log.snapshot().playlist.targetDuration.map { .seconds($0) } }
    sendUpdate()
    checkIdle()
  }

  private func step(_ action: SupervisionRule.TickAction) {
    switch action {
    case .doNothing: break
    case .open(let attempt, let url):
      note { $0.addedRestarts += 1 }
      open(attempt, url: url)
    case .close: loseSource(.silent)
    case .finish(let outcome): lose(.finish(outcome), .silent)
    }
  }

  // MARK: The coordinator

  private var phaseWord: StreamUpdate.Phase {
    if rule.isRunning { return .running }
    return rule.hasHadMedia ? .holding : .starting
  }

  private func note(_ change: (inout StreamUpdate) -> Void) {
    change(&update)
    hasUpdate = true
  }

  private func takeUpdate() -> StreamUpdate? {
    guard hasUpdate else { return nil }
    hasUpdate = false
    defer { update = StreamUpdate() }
    return update
  }

  private func sendUpdate() {
    guard let update = takeUpdate() else { return }
    Task { [services, id, claim, home] in
      guard case .fenced(let fence)? = try? await services.coordinator.update(id, epoch: claim.epoch, update) else {
        return
      }
      home.execute { [self] in fenced(fence) }
    }
  }

  private func fenced(_ fence: FencedResult.Fence) {
    switch fence {
    case .stopping: finish(.stopped, .release(.stopped(.lastClientDisconnected)))
    case .superseded, .unknown: finish(.stopped, .doNothing)
    }
  }

  /// Asks whether the last client has left for long enough. The store decides, in one step.
  private func checkIdle() {
    guard idleCheck == nil else { return }
    Task { [services, id, claim, home] in
      let answer = try? await services.coordinator.stopIfIdle(
        id, epoch: claim.epoch, grace: services.settings.idleGrace)
      home.execute { [self] in idleAnswer(answer) }
    }
  }

  private func idleAnswer(_ answer: StopResult?) {
    guard !isOver else { return }
    switch answer {
    case .stop: finish(.stopped, .release(.stopped(isLingering ? .sourceEnded : .lastClientDisconnected)))
    case .keep(clients: 0, let remaining) where remaining < .seconds(1):
      idleCheck = home.schedule(after: remaining + .milliseconds(10)) { [unowned self] in
        idleCheck = nil
        if !isOver { checkIdle() }
      }
    case .keep, nil: break
    case .fenced(let fence): fenced(fence)
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
