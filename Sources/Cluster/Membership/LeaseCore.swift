internal import EventLoop
internal import Observability
internal import Redis
internal import Synchronization

/// What `LeaseKeeper` does on its loop.
// Safe: used on the loop's thread only, but for what is immutable and the locked `memory` and `shownState`.
final class LeaseCore: @unchecked Sendable {
  struct Setup: Sendable {
    let key: String
    let token: String
    let times: LeaseTimes
    let clock: ClusterClock
    let permit: PublishPermit
    let logger: Logger
  }

  let setup: Setup
  let connection: RedisConnection
  let loop: EventLoop
  var handlers: [@Sendable (LeaseNotice) -> Void] = []
  private let memory: Mutex<ServerMemory>
  private let shownState = Mutex(LeaseRule.State.none)
  private var rule: LeaseRule
  private var timer: LoopTimer?
  private var isStopped = false

  init(_ setup: Setup, connection: RedisConnection, loop: EventLoop) {
    self.setup = setup
    self.connection = connection
    self.loop = loop
    memory = Mutex(ServerMemory(times: setup.times))
    rule = LeaseRule(times: setup.times, now: setup.clock.now.elapsed)
  }

  private var now: Duration { setup.clock.now.elapsed }

  /// From any thread.
  var state: LeaseRule.State { shownState.withLock { $0 } }

  var forgetful: Duration? { memory.withLock { $0.forgetful(now: now) } }

  /// Whether the store has this worker's lease, and none that it has made anew without this worker knowing it.
  func holdsLease() async -> Bool {
    let held = try? await connection.send(RedisCommand("GET", setup.key), timeout: setup.times.renew)
    guard let value = held?.text.map({ LeaseValue(text: $0) }), value.token == setup.token else { return false }
    return await withCheckedContinuation { done in
      loop.execute { [self] in done.resume(returning: rule.knows(value)) }
    }
  }

  func start() {
    loop.assertInLoop()
    connection.onStateChange { [weak self] state in self?.changed(state) }
    connection.start()
    wake()
  }

  func stop() {
    loop.assertInLoop()
    isStopped = true
    timer = nil
    setup.permit.set(until: nil)
  }

  // MARK: The connection

  private func changed(_ state: RedisConnectionState) {
    loop.assertInLoop()
    guard !isStopped else { return }
    switch state {
    case .disconnected(let reason):
      memory.withLock { $0.disconnected() }
      tell(.disconnected(reason: reason))
    case .connected(_, let runID):
      rule.reconnected(now: now)
      wake()
      Task(executorPreference: loop) { [weak self, connection, loop, times = setup.times] in
        let info = try? await connection.send(RedisCommand("INFO", "server"), timeout: times.renew)
        let uptime = info?.text.flatMap(Self.uptime) ?? .zero
        loop.execute { [weak self] in self?.connected(runID, uptime: uptime) }
      }
    }
  }

  private func connected(_ runID: String, uptime: Duration) {
    guard !isStopped, connection.isConnected else { return }
    let same = memory.withLock { $0.connected(to: runID, uptime: uptime, now: now) }
    tell(.connected(sameServer: same))
  }

  private static func uptime(_ info: String) -> Duration? {
    let name = "uptime_in_seconds:"
    guard let line = info.split(whereSeparator: \.isNewline).first(where: { $0.hasPrefix(name) }) else { return nil }
    return Int64(line.dropFirst(name.count)).flatMap { $0 >= 0 ? .seconds($0) : nil }
  }

  // MARK: The lease

  private func wake() {
    guard !isStopped else { return }
    let wake = rule.wake(now: now)
    if let number = wake.renewal { renew(number) }
    note(wake.notice)
    timer = loop.schedule(after: max(rule.nextWake - now, .milliseconds(1))) { [unowned self] in self.wake() }
  }

  private func renew(_ number: UInt64) {
    let lifetime = Int64(setup.times.lapse / .milliseconds(1))
    let arguments = [setup.token, String(number), String(lifetime)]
    Task(executorPreference: loop) { [weak self, connection, setup, loop] in
      do throws(RedisError) {
        let reply = try await connection.run(
          MembershipScripts.renewLease, keys: [setup.key], arguments.map { .text($0) }, timeout: setup.times.giveUp)
        loop.execute { [weak self] in self?.answered(number, reply) }
      } catch {
        setup.logger.debug("a lease was not renewed", ["error": "\(error)"])
      }
    }
  }

  private func answered(_ number: UInt64, _ reply: RedisValue) {
    guard !isStopped, let answer = Self.answer(reply) else { return }
    // Whoever had it may live.
    if answer == .created, rule.state != .none { memory.withLock { $0.lost(now: now) } }
    note(rule.answer(number, answer, now: now))
    wake()
  }

  private static func answer(_ reply: RedisValue) -> LeaseRule.Answer? {
    switch reply {
    case .integer(1): .renewed
    case .integer(2): .created
    case .bulk(let holder): .heldByAnother(LeaseValue(text: holder.text))
    case .integer, .null, .status, .array, .error: nil
    }
  }

  /// The permit follows the state before anybody hears of it.
  private func note(_ notice: LeaseNotice?) {
    if case .held(let until) = rule.state { setup.permit.set(until: until) } else { setup.permit.set(until: nil) }
    shownState.withLock { $0 = rule.state }
    if let notice { tell(notice) }
  }

  private func tell(_ notice: LeaseNotice) {
    switch notice {
    case .gained(let wasGone): setup.logger.info("the lease is held", ["lease.was_gone": "\(wasGone)"])
    case .restored: setup.logger.warning("Redis had lost the lease", [:])
    case .gaveUp: setup.logger.warning("the lease was not confirmed in time: nothing is published", [:])
    case .waits(let token):
      setup.logger.info(
        "an earlier life of this worker still has the lease, which lapses if that is over", ["lease.token": token])
    case .lost(let token):
      setup.logger.error(
        "another process runs with this WORKER_ID: nothing is published; give each worker an id of its own",
        ["lease.token": token])
    case .connected, .disconnected: break
    }
    for handler in handlers { handler(notice) }
  }
}
