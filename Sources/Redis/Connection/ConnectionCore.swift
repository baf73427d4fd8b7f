internal import EventLoop
internal import Observability

/// The shell of `ConnectionStateMachine` and `ReplyQueue`: it does what they decide.
final class ConnectionCore: @unchecked Sendable {
  // Safe: used on the loop's thread only, which each entry asserts.
  typealias Instant = ContinuousClock.Instant

  let loop: EventLoop
  private let configuration: RedisConfiguration
  private let limits: RedisLimits
  private let role: String
  private let logger: Logger
  private let metrics: ConnectionMetrics
  private let status: ConnectionStatus
  private let lookup = NameLookup()
  private var machine: ConnectionStateMachine
  private var queue = ReplyQueue<PendingReplies>()
  private var channel: RedisChannel?
  /// Of the present try: those that have not been tried yet.
  private var addresses: [SocketAddress] = []
  private var attempt = 0
  private var attemptTimer: LoopTimer?
  private var retryTimer: LoopTimer?
  private var watchTimer: LoopTimer?
  private var watchDue: Instant?
  private var lastReceived = ContinuousClock.now
  private var lastFailure = RedisError.unavailable("not started")
  private var handlers: [@Sendable (RedisConnectionState) -> Void] = []

  init(
    configuration: RedisConfiguration, limits: RedisLimits, role: String, loop: EventLoop, logger: Logger,
    metrics: ConnectionMetrics, status: ConnectionStatus
  ) {
    self.configuration = configuration
    self.limits = limits
    self.role = role
    self.loop = loop
    self.logger = logger.with(["redis.role": role, "redis.target": configuration.target.description])
    self.metrics = metrics
    self.status = status
    machine = ConnectionStateMachine(
      plan: ConnectionStateMachine.Plan(
        hasPassword: configuration.password != nil, selectsDatabase: configuration.database != 0),
      backoff: Backoff(minimum: configuration.minBackoff, maximum: configuration.maxBackoff))
  }

  func add(_ handler: @escaping @Sendable (RedisConnectionState) -> Void) {
    loop.assertInLoop()
    handlers.append(handler)
  }

  // MARK: Making the connection

  func start() {
    loop.assertInLoop()
    locate(machine.start())
  }

  private func locate(_ action: ConnectionStateMachine.LocateAction) {
    guard action == .locate else { return }
    attempt += 1
    attemptTimer = loop.schedule(after: configuration.connectTimeout) { [unowned self] in
      failed(.unavailable("no connection within \(configuration.connectTimeout)"))
    }
    switch configuration.target {
    case .unix(let path):
      guard let address = SocketAddress(unixPath: path) else { return failed(.unavailable("the path is too long")) }
      located(.success([address]), attempt: attempt)
    case .tcp(let node):
      lookup.start(node) { [weak self, loop, attempt] outcome in
        loop.execute { [weak self] in self?.located(outcome, attempt: attempt) }
      }
    }
  }

  private func located(_ outcome: NameLookup.Outcome, attempt: Int) {
    guard attempt == self.attempt else { return }
    switch outcome {
    case .failure(let failure): failed(.unavailable(failure.reason))
    case .success(let addresses):
      guard machine.located() == .connect else { return }
      self.addresses = addresses
      connect(orFail: .unavailable("no address"))
    }
  }

  /// To the next address, if there is one.
  private func connect(orFail error: RedisError) {
    guard !addresses.isEmpty else { return failed(error) }
    let address = addresses.removeFirst()
    let channel = RedisChannel(loop: loop, address: address, limits: limits) { [unowned self] in handle($0) }
    self.channel?.close()
    self.channel = channel
    if let reason = channel.connect() { connect(orFail: .unavailable(reason)) }
  }

  private func handle(_ event: RedisChannel.Event) {
    switch event {
    case .connected: proceed(machine.connected())
    case .received(let reply):
      lastReceived = .now
      if machine.isReady { received(reply) } else { greeted(reply) }
    case .ended(let error):
      if machine.isConnecting { connect(orFail: error) } else { failed(error) }
    }
  }

  private func proceed(_ action: ConnectionStateMachine.ConnectedAction) {
    switch action {
    case .send(let step): channel?.send([command(of: step)])
    case .secure, .doNothing: break
    }
  }

  private func command(of step: ConnectionStateMachine.Step) -> RedisCommand {
    switch step {
    case .authenticate, .authenticateWithFallback:
      let user = configuration.username.map { [RedisArgument.text($0)] } ?? []
      return RedisCommand("AUTH", user + [.text(configuration.password ?? "")])
    case .select: return RedisCommand("SELECT", String(configuration.database))
    case .name: return RedisCommand("CLIENT", "SETNAME", "\(configuration.clientName):\(role)")
    case .identify: return RedisCommand("CLIENT", "ID")
    case .inspect: return RedisCommand("INFO", "server")
    case .checkRole: return RedisCommand("ROLE")
    }
  }

  private func greeted(_ reply: RedisValue) {
    switch machine.answered(reply, now: .now) {
    case .send(let step): channel?.send([command(of: step)])
    case .ready(let clientID, let runID): becameReady(clientID: clientID, runID: runID)
    case .fail(let reason): failed(.unavailable(reason))
    case .doNothing: break
    }
  }

  private func becameReady(clientID: Int64, runID: String) {
    attemptTimer = nil
    addresses = []
    metrics.connected.set(1)
    metrics.connects.add()
    logger.info("Redis is connected", ["redis.client_id": String(clientID), "redis.run_id": runID])
    watch(until: .now + configuration.keepAlive)
    tell(.connected(clientID: clientID, runID: runID))
  }

  private func tell(_ state: RedisConnectionState) {
    status.set(state)
    for handler in handlers { handler(state) }
  }

  // MARK: Losing it

  private func failed(_ error: RedisError) {
    let wait = machine.failed(now: .now, random: .random(in: 0..<1))
    guard case .retry(let delay, let isNews) = wait else { return }
    dropConnection(error)
    retryTimer = loop.schedule(after: delay) { [unowned self] in locate(machine.retryDue()) }
    let state = RedisConnectionState.disconnected(reason: error.reason)
    guard isNews else { return status.set(state) }
    logger.warning("Redis is away", ["error": error.reason])
    tell(state)
  }

  private func dropConnection(_ error: RedisError) {
    attempt += 1
    attemptTimer = nil
    retryTimer = nil
    watchTimer = nil
    watchDue = nil
    addresses = []
    channel?.close()
    channel = nil
    metrics.connected.set(0)
    for waiter in queue.removeAll() { fail(waiter, error) }
  }

  private func fail(_ waiter: PendingReplies, _ error: RedisError) {
    metrics.count(error)
    waiter.give(.failure(error))
  }

  /// For good.
  func close() {
    loop.assertInLoop()
    guard !machine.isClosed else { return }
    machine.close()
    let reason = "the connection has been closed"
    dropConnection(.unavailable(reason))
    status.set(.disconnected(reason: reason))
    handlers = []
  }

  // MARK: Using it

  func submit(_ commands: [RedisCommand], _ waiter: PendingReplies, timeout: Duration?) {
    loop.assertInLoop()
    guard !waiter.isSettled else { return }
    if case .disconnected(let reason) = status.current { return fail(waiter, .unavailable(reason)) }
    guard let channel, machine.isReady else { return fail(waiter, .unavailable("not connected")) }
    let bytes = commands.reduce(channel.unsentBytes) { $0 + $1.wireCount }
    guard bytes <= limits.unsentBytes, queue.outstanding + commands.count <= limits.commandsInFlight else {
      return fail(waiter, .unavailable("too much is in flight (\(queue.outstanding) commands, \(bytes) bytes)"))
    }
    let deadline = ContinuousClock.now + (timeout ?? configuration.commandTimeout)
    queue.append(waiter, replies: commands.count, deadline: deadline)
    channel.send(commands)
    metrics.commands.add(UInt64(commands.count))
    watch(until: deadline)
  }

  private func received(_ reply: RedisValue) {
    switch queue.received(reply) {
    case .wait: break
    case .refuse: failed(.protocolError("a reply that nothing asked for"))
    case .complete(let waiter, let replies):
      metrics.seconds.observe(seconds(since: waiter.begin))
      for case .error(let error) in replies { metrics.count(.server(error)) }
      waiter.give(.success(replies))
    }
  }

  private func seconds(since begin: Instant) -> Double {
    let parts = begin.duration(to: lastReceived).components
    return Double(parts.seconds) + Double(parts.attoseconds) / 1e18
  }

  // MARK: Time

  /// One timer for whatever is due first.
  private func watch(until due: Instant) {
    if let watchDue, watchDue <= due { return }
    watchDue = due
    // Not more than a hundred times a second, however the deadlines lie.
    let delay = max(ContinuousClock.now.duration(to: due), .milliseconds(10))
    watchTimer = loop.schedule(after: delay) { [unowned self] in looked() }
  }

  private func looked() {
    watchDue = nil
    let now = ContinuousClock.now
    for waiter in queue.expire(now: now) { fail(waiter, .timedOut("no reply in time")) }
    let silence = lastReceived.duration(to: now)
    var due: [Instant] = []
    if queue.isOverdue(now: now) {
      guard silence < configuration.silenceLimit else {
        return failed(.unavailable("the server has not said anything for \(silence)"))
      }
      due.append(lastReceived + configuration.silenceLimit)
    } else if queue.isEmpty {
      if silence >= configuration.keepAlive {
        submit([RedisCommand("PING", [])], PendingReplies(), timeout: nil)
      } else {
        due.append(lastReceived + configuration.keepAlive)
      }
    }
    if let deadline = queue.nextDeadline { due.append(deadline) }
    if let first = due.min() { watch(until: first) }
  }
}
