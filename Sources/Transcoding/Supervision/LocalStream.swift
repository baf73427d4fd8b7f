package import Cluster
package import EventLoop
package import Identifiers
package import MediaLog
internal import Observability
internal import Synchronization
internal import TransportStream

/// A stream as this worker serves it: a log, and where its media come from. The log and its readers stay when the
/// ownership goes from one worker to another.
///
/// ```
///            ┌── superseded by another worker ──▶┐
///          owner (StreamRuntime)              follower (LogFollower) ──unused──▶ over
///            └◀─ owner dead or gone: claimed ────┘        │
///            └── stopped, failed, deleted ──▶ over ◀── the owner's end
/// ```
// Safe: `role` is locked, `log` and constants are Sendable; all else is confined to `home`, and every entry asserts it.
package final class LocalStream: @unchecked Sendable {
  package let id: StreamID
  package let log: StreamLog
  package let home: EventLoop
  let services: StreamServices
  let logger: Logger
  private let role = Mutex(Role.starting)
  private let lastRequest = Mutex(ContinuousClock.now)
  private let hasRoom: @Sendable () async -> Bool
  private let onClosed: @Sendable () -> Void

  var registration: StreamRegistration
  var follower: LogFollower?
  var rule: FollowRule
  var ticks: LoopTimer?
  /// A question about the owner is open, or what it led to: there is one at a time, so that nothing is claimed twice.
  var isAsking = false
  /// Opened for a stream that its owner gives away, and that owner once it has media.
  var warm: WarmSource?
  var giver: Ownership?
  /// What the owner had committed when the following began is here.
  var isCaughtUp = false
  var isRaising = false
  /// The owner has said that the log is over; HLS viewers still read its end.
  var hasEnded = false

  enum Role: Sendable {
    /// Exits: `own`, `follow`.
    case starting
    /// Exits: superseded → follower; its end → over.
    case owner(StreamRuntime)
    /// Exits: a claim → owner; the owner's end, no use → over.
    case follower
    /// The owner of the followed stream has given it up, for this reason if it failed. Exits: none.
    case over(SourceFailure?)
  }

  /// `hasRoom`: whether the stream may be run here. `onClosed` runs once, when nothing of it is left: its source is closed,
  /// its ownership released.
  init(
    registration: StreamRegistration, services: StreamServices, home: EventLoop,
    hasRoom: @escaping @Sendable () async -> Bool, onClosed: @escaping @Sendable () -> Void
  ) {
    self.registration = registration
    (self.services, self.home, self.hasRoom, self.onClosed) = (services, home, hasRoom, onClosed)
    id = registration.id
    let settings = services.settings
    let planner = SourcePlanner(registration: registration, services: services)
    log = StreamLog(id: id, limits: settings.window, listSize: planner.listSize ?? settings.hlsListSize)
    rule = FollowRule(patience: settings.followPatience, now: .now)
    logger = services.logger.with(["stream.id": id.text])
  }

  // MARK: What others see

  /// The runtime if this worker is the owner.
  package var runtime: StreamRuntime? {
    if case .owner(let runtime) = role.withLock({ $0 }) { return runtime }
    return nil
  }

  /// Why the stream ended; nil while it runs, is over as it should be, or was stopped.
  package var failure: SourceFailure? {
    switch role.withLock({ $0 }) {
    case .starting, .follower: nil
    case .owner(let runtime): runtime.failure
    case .over(let failure): failure
    }
  }

  /// It is closing or closed: who wants the stream starts it anew.
  package var isOver: Bool {
    switch role.withLock({ $0 }) {
    case .starting, .follower: false
    case .owner(let runtime): runtime.isOver
    case .over: true
    }
  }

  /// The film is over; what is left of it can still be read.
  package var isLingering: Bool {
    switch role.withLock({ $0 }) {
    case .starting, .over: false
    case .owner(let runtime): runtime.isLingering
    case .follower: log.snapshot().end != nil
    }
  }

  /// What the sound is coded in, as the tables before the newest random access point say; nil without sound or media.
  var audioCodec: String? {
    guard let item = log.snapshot().window.items.last(where: { $0.chunk.header.isRandomAccess && $0.byteCount > 0 })
    else { return nil }
    var tables = Array(
      UnsafeRawBufferPointer(start: item.chunk.bytes, count: min(item.byteCount, 32 * PacketView.size)))
    var normalizer = StreamNormalizer()
    tables.withUnsafeMutableBytes { normalizer.push($0) { _ in } }
    return normalizer.mediaInfo.audioCodec?.rawValue
  }

  /// A request that has no reader was answered from the log.
  package func touch() { lastRequest.withLock { $0 = .now } }

  /// Waits until all that the store had when this was called can be read here, at most `limit`: viewers go from worker to
  /// worker, and no playlist may be older than the one before.
  package func catchUp(atMost limit: Duration) async {
    guard case .follower = role.withLock({ $0 }), let newest = try? await services.store.lastChunk(of: id) else {
      return
    }
    _ = await log.wait(atMost: limit) { snapshot in
      snapshot.end != nil || snapshot.window.last.map { $0.chunk.number >= newest } ?? false
    }
  }

  // MARK: Roles

  /// `warm`: a source that is open already.
  func own(_ claim: Claim, at position: LogPosition, warm: WarmSource? = nil) {
    home.assertInLoop()
    endFollowing()
    registration = claim.registration
    let runtime = StreamRuntime(claim: claim, position: position, services: services, log: log, home: home)
    role.withLock { $0 = .owner(runtime) }
    runtime.start(
      warm: warm,
      onSuperseded: { [weak self] in self?.superseded() },
      onClosed: { [weak self] in self?.runtimeClosed(runtime) })
  }

  func follow() {
    home.assertInLoop()
    role.withLock { $0 = .follower }
    rule = FollowRule(patience: services.settings.followPatience, now: .now)
    isCaughtUp = false
    touch()
    logger.info("following another worker's log")
    let follower = LogFollower(log: log, store: services.store, loop: home) { [unowned self] event in take(event) }
    self.follower = follower
    ticks = home.schedule(each: .milliseconds(250)) { [unowned self] in tick() }
    follower.start()
  }

  /// Ends the stream here. From any thread; harmless when it is over. `killGrace`: how long its FFmpeg may take at most,
  /// if not FFMPEG_KILL_GRACE.
  package func stop(_ reason: StopReason, killGrace: Duration? = nil) {
    home.execute { [self] in
      switch role.withLock({ $0 }) {
      case .owner(let runtime): runtime.stop(reason, killGrace: killGrace)
      case .follower: leave(.stopped)
      case .starting, .over: break
      }
    }
  }

  /// The store has said that this worker is not the owner. From any thread.
  package func fenced(_ fence: FencedResult.Fence) {
    home.execute { [self] in
      if case .owner(let runtime) = role.withLock({ $0 }), !runtime.isOver { runtime.fenced(fence) }
    }
  }

  /// Another worker has the stream, or nobody, and not this one: it goes on as a follower. Returns when that is so. From any
  /// thread.
  package func outbid(_ fence: FencedResult.Fence) async {
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      home.execute { [self] in
        if case .owner(let runtime) = role.withLock({ $0 }), !runtime.isOver { runtime.outbid(fence) }
        done.resume()
      }
    }
  }

  /// The owner is said to be dead. From any thread.
  package func look() {
    home.execute { [self] in
      if case .follower = role.withLock({ $0 }), !isAsking, !hasEnded { ask() }
    }
  }

  /// The owner gives the stream up to this worker, which opens a source of its own first. From any thread.
  func succeed(_ owner: Ownership) {
    home.execute { [self] in
      guard case .follower = role.withLock({ $0 }), warm == nil, !hasEnded else { return }
      logger.info("getting ready to take the stream over", ["worker.id": owner.worker.text])
      let planner = SourcePlanner(registration: registration, services: services)
      let warm = WarmSource(planner: planner, log: log, on: home)
      self.warm = warm
      warm.warmUp { [weak self] isReady in
        guard let self else { return }
        guard isReady else { return self.warm = nil }
        giver = owner
        if !isAsking { ask() }
      }
    }
  }

  /// What puts the stream back into a store that has lost it; nil: this worker does not run it.
  package var owned: OwnedStream? {
    get async {
      await withCheckedContinuation { continuation in
        home.execute { [self] in
          guard case .owner(let runtime) = role.withLock({ $0 }), !runtime.isOver else {
            return continuation.resume(returning: nil)
          }
          continuation.resume(returning: runtime.owned)
        }
      }
    }
  }

  private func superseded() {
    if runtime?.beganAlone == true { log.startOver() } else { log.dropUncommitted() }
    follow()
  }

  private func runtimeClosed(_ runtime: StreamRuntime) {
    // A superseded one closes its source while the log goes on.
    if self.runtime === runtime { onClosed() }
  }

  private func endFollowing() {
    follower?.stop()
    (follower, ticks) = (nil, nil)
  }

  private func dropWarm() {
    warm?.close(grace: .seconds(1)) {}
    (warm, giver) = (nil, nil)
  }

  /// The end of a follower.
  func leave(_ end: LogEnd, _ failure: SourceFailure? = nil) {
    guard case .follower = role.withLock({ $0 }) else { return }
    endFollowing()
    dropWarm()
    role.withLock { $0 = .over(failure) }
    log.end(end)
    logger.info("no longer following")
    onClosed()
  }

  // MARK: Following

  private func take(_ event: LogFollower.Event) {
    switch event {
    case .alive: rule.news(now: .now)
    case .caughtUp: isCaughtUp = true
    case .ended(.ended):
      hasEnded = true
      log.end(.ended)
    case .ended(.stopped): leave(.stopped)
    case .ended(.failed): endAsFailed()
    case .unavailable: logger.warning("the log of another worker cannot be read")
    }
  }

  private func endAsFailed() {
    Task { [weak self, services, id, home] in
      let error = (try? await services.coordinator.stream(id))?.flatMap { $0.report.lastError }
      home.execute { [weak self] in self?.leave(.failed, .elsewhere(error ?? "the source failed")) }
    }
  }

  private func tick() {
    let now = ContinuousClock.now
    if log.fanOutCount > 0 { rule.use(now: now) }
    rule.use(now: lastRequest.withLock { $0 })
    switch rule.tick(now: now) {
    case .nothing: break
    case .leave: leave(hasEnded ? .ended : .stopped)
    case .ask: if !isAsking, !hasEnded { ask() }
    }
    raise()
  }

  /// The viewers here have had numbers that the owner is only about to give. Asked until it has heard of it.
  private func raise() {
    guard isCaughtUp, !isRaising, !hasEnded, let number = log.missingNumber else { return }
    isRaising = true
    Task { [weak self, services, id, home, logger] in
      do {
        try await services.store.raise(id, above: number)
        logger.info("the owner is to leave out numbers that viewers have had", ["segment": number.description])
      } catch {
        logger.debug("the owner cannot be told of numbers that viewers have had", ["error": "\(error)"])
      }
      home.execute { [weak self] in self?.isRaising = false }
    }
  }

  private enum Answer: Sendable {
    case wait
    case deleted
    case claimed(Claim, LogPosition)

    var claim: Claim? {
      if case .claimed(let claim, _) = self { claim } else { nil }
    }
  }

  /// Nothing has been committed for a while: is the owner still there, or is the stream to be run here?
  private func ask() {
    isAsking = true
    let reminds = rule.reminds(now: .now)
    Task { [weak self, services, id, home, logger, hasRoom, giver] in
      var answer = Answer.wait
      do {
        answer = try await Self.find(id, services, hasRoom, giver, reminds: reminds)
      } catch {
        logger.debug("the stream's owner is not known", ["error": "\(error)"])
      }
      home.execute { [weak self, answer] in
        guard let self else { return services.giveBack(answer.claim) }
        self.take(answer, askedFor: giver)
      }
    }
  }

  private static func find(
    _ id: StreamID, _ services: StreamServices, _ hasRoom: @Sendable () async -> Bool, _ giver: Ownership?,
    reminds: Bool
  ) async throws -> Answer {
    guard let record = try await services.coordinator.stream(id) else { return .deleted }
    let owner = record.ownership.flatMap { record.status == .stopping ? nil : $0 }
    if let owner, owner != giver, await services.peers?.isDead(owner) != true {
      if reminds { await services.peers?.remind(owner.worker, of: id) }
      return .wait
    }
    // Whoever has a client of the stream may claim it; the first one does.
    guard record.clientCount > 0 else { return .wait }
    // Viewers who have seen a part of the stream come before a limit.
    if owner == nil, await !hasRoom(), await services.peers?.place(id) == true { return .wait }
    guard case .claimed(let claim) = try await services.coordinator.claim(id, highestSeen: .none, judgedDead: owner)
    else { return .wait }
    return .claimed(claim, try await services.openLog(claim))
  }

  private func take(_ answer: Answer, askedFor asked: Ownership?) {
    rule.answered(now: .now)
    guard case .follower = role.withLock({ $0 }) else { return services.giveBack(answer.claim) }
    switch answer {
    case .wait: rule.found()
    case .deleted: if rule.missed(now: .now) { leave(.stopped) }
    case .claimed(let claim, let position): return takeOver(claim, position)
    }
    isAsking = false
    if asked != nil { dropWarm() } else if giver != nil { ask() }
  }

  /// What the last owner has committed comes before what this one writes.
  private func takeOver(_ claim: Claim, _ position: LogPosition) {
    endFollowing()
    Task { [weak self, services, id, home, log] in
      let last = log.snapshot().window.last?.chunk.number ?? ChunkNumber(0)
      if position.continues, last.next < position.nextChunk {
        let rest = try? await services.store.stored(id, after: last, upTo: position.nextChunk)
        log.take(rest ?? [])
      }
      home.execute { [weak self] in
        guard let self, case .follower = self.role.withLock({ $0 }) else { return services.giveBack(claim) }
        let warm = self.warm.flatMap { $0.isReady ? $0 : nil }
        if warm == nil { self.dropWarm() }
        (self.warm, self.giver, self.isAsking) = (nil, nil, false)
        self.own(claim, at: position, warm: warm)
      }
    }
  }
}
