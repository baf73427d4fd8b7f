internal import EventLoop
internal import Observability

/// The shell of `ConnectionStateMachine` and `ReplyQueue`: it does what they decide.
// Safe: used on the loop's thread only, which each entry asserts.
final class ConnectionCore: @unchecked Sendable {
  let loop: EventLoop
  let configuration: RedisConfiguration
  let limits: RedisLimits
  let role: String
  let metrics: ConnectionMetrics
  let status: ConnectionStatus
  let lookup = NameLookup()
  private let logger: Logger

  var machine: ConnectionStateMachine
  var queue = ReplyQueue<PendingReplies>()
  var channel: RedisChannel?
  /// The server that the present try, or connection, is for.
  var address: ServerAddress?
  var sentinel: SentinelWatch?
  /// Of the present try.
  var tls: TLSContext?
  var attemptTimer: LoopTimer?
  private var retryTimer: LoopTimer?
  var sentinelTimer: LoopTimer?
  /// When the sentinels were asked last.
  var lastLook = ContinuousClock.now
  var watchTimer: LoopTimer?
  var watchDue: ContinuousClock.Instant?
  var lastReceived = ContinuousClock.now
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
      plan: ConnectionStateMachine.Plan(configuration),
      backoff: Backoff(minimum: configuration.minBackoff, maximum: configuration.maxBackoff))
  }

  func add(_ handler: @escaping @Sendable (RedisConnectionState) -> Void) {
    loop.assertInLoop()
    handlers.append(handler)
  }

  func start() {
    loop.assertInLoop()
    let action = machine.start()
    if action == .locate { status.set(.disconnected(reason: "not connected yet")) }
    locate(action)
  }

  func becameReady(clientID: Int64, runID: String) {
    attemptTimer = nil
    sentinel?.confirmed()
    metrics.connected.set(1)
    metrics.connects.add()
    logger.info(
      "Redis is connected",
      ["redis.server": address?.description ?? "", "redis.client_id": String(clientID), "redis.run_id": runID])
    watch(until: .now + configuration.keepAlive)
    tell(.connected(clientID: clientID, runID: runID))
  }

  func triesFallbackPassword() {
    logger.warning("Redis demands a password and none is set for it: trying the fallback")
  }

  private func tell(_ state: RedisConnectionState) {
    status.set(state)
    for handler in handlers { handler(state) }
  }

  /// The connection, or the try to make one, has come to its end.
  func failed(_ error: RedisError) {
    guard case .retry(let delay, let isNews) = machine.failed(now: .now, random: .random(in: 0..<1)) else { return }
    dropConnection(error)
    retryTimer = loop.schedule(after: delay) { [unowned self] in locate(machine.retryDue()) }
    let state = RedisConnectionState.disconnected(reason: error.reason)
    guard isNews else { return status.set(state) }
    logger.warning("Redis is away", ["error": error.reason])
    tell(state)
  }

  private func dropConnection(_ error: RedisError) {
    // A command that is given from now on fails, before the ones in flight do.
    status.set(.disconnected(reason: error.reason))
    attemptTimer = nil
    retryTimer = nil
    sentinelTimer = nil
    watchTimer = nil
    watchDue = nil
    channel?.close()
    channel = nil
    tls = nil
    metrics.connected.set(0)
    for waiter in queue.removeAll() { fail(waiter, error) }
  }

  /// For good.
  func close() {
    loop.assertInLoop()
    guard !machine.isClosed else { return }
    machine.close()
    dropConnection(.unavailable("the connection has been closed"))
    sentinel?.close()
    sentinel = nil
    handlers = []
  }
}
