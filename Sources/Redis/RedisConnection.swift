package import EventLoop
package import Observability

/// One connection to Redis that reconnects for ever. Confined to its loop inside; its methods may be called from
/// anywhere. It is closed before its loop is stopped.
///
/// Commands go out in the order in which they are given; a command that is given while there is no connection fails at
/// once. A task that is cancelled stops waiting at once, and the reply is dropped when it comes.
package final class RedisConnection: Sendable {
  private let core: ConnectionCore
  private let status = ConnectionStatus()

  /// `role` tells the worker's connections apart, in CLIENT LIST and in the metrics: `lease`, `media` …
  package convenience init(
    configuration: RedisConfiguration, role: String, loop: EventLoop, logger: Logger, metrics: RedisMetrics
  ) {
    self.init(
      configuration: configuration, limits: RedisLimits(), role: role, loop: loop, logger: logger, metrics: metrics)
  }

  init(
    configuration: RedisConfiguration, limits: RedisLimits, role: String, loop: EventLoop, logger: Logger,
    metrics: RedisMetrics
  ) {
    core = ConnectionCore(
      configuration: configuration, limits: limits, role: role, loop: loop, logger: logger,
      metrics: metrics.of(role: role), status: status)
  }

  deinit {
    core.loop.execute { [core] in core.close() }
  }

  /// Begins to connect, once.
  package func start() { core.loop.execute { [core] in core.start() } }

  /// Ends the connection for good: what is in flight fails with `unavailable`. Returns when the socket is closed.
  package func close() async {
    guard !core.loop.hasEnded else { return }
    await withCheckedContinuation { done in
      core.loop.execute { [core] in
        core.close()
        done.resume()
      }
    }
  }

  package var isConnected: Bool { clientID != nil }

  /// CLIENT ID of the present connection; nil while there is none.
  package var clientID: Int64? {
    if case .connected(let clientID, _) = status.current { clientID } else { nil }
  }

  /// `handler` is called on the loop at each change from now on; of failed tries to connect the first one is a change.
  package func onStateChange(_ handler: @escaping @Sendable (RedisConnectionState) -> Void) {
    core.loop.execute { [core] in core.add(handler) }
  }

  /// Sends one command. An error reply throws `server`. `timeout`: nil takes the configuration's; a command that blocks
  /// in the server needs one that is longer than its blocking.
  nonisolated(nonsending) package func send(
    _ command: RedisCommand, timeout: Duration? = nil
  ) async throws(RedisError) -> RedisValue {
    try Self.success(await request([command], timeout: timeout)[0])
  }

  /// Sends commands together; the replies in their order, with error replies among them. Not a transaction: other
  /// connections' commands may come between.
  nonisolated(nonsending) package func pipeline(
    _ commands: [RedisCommand], timeout: Duration? = nil
  ) async throws(RedisError) -> [RedisValue] {
    commands.isEmpty ? [] : try await request(commands, timeout: timeout)
  }

  /// As the other, with scripts among the steps. The scripts that the server does not know are sent again with their
  /// source, after the steps that stand behind them have run.
  nonisolated(nonsending) package func pipeline(
    _ steps: [RedisStep], timeout: Duration? = nil
  ) async throws(RedisError) -> [RedisValue] {
    var replies = try await pipeline(steps.map(\.command), timeout: timeout)
    let unknown = steps.indices.filter { replies[$0].error?.code == "NOSCRIPT" && steps[$0].loadingCommand != nil }
    let repeated = try await pipeline(unknown.compactMap { steps[$0].loadingCommand }, timeout: timeout)
    for (place, reply) in zip(unknown, repeated) { replies[place] = reply }
    return replies
  }

  /// Runs a script: EVALSHA, and EVAL where the server does not know it. An error reply throws `server`.
  nonisolated(nonsending) package func run(
    _ script: RedisScript, keys: [String], _ arguments: [RedisArgument], timeout: Duration? = nil
  ) async throws(RedisError) -> RedisValue {
    try Self.success(await pipeline([.script(script, keys: keys, arguments)], timeout: timeout)[0])
  }

  private static func success(_ reply: RedisValue) throws(RedisError) -> RedisValue {
    if case .error(let error) = reply { throw .server(error) }
    return reply
  }

  nonisolated(nonsending) private func request(
    _ commands: [RedisCommand], timeout: Duration?
  ) async throws(RedisError) -> [RedisValue] {
    if case .disconnected(let reason) = status.current { throw .unavailable(reason) }
    let waiter = PendingReplies()
    let outcome = await waiter.wait {
      if core.loop.isCurrent {
        core.submit(commands, waiter, timeout: timeout)
      } else {
        core.loop.execute { [core] in core.submit(commands, waiter, timeout: timeout) }
      }
    }
    return try outcome.get()
  }
}
