internal import EventLoop

/// From nothing to a connection that takes commands.
extension ConnectionCore {
  func locate(_ action: ConnectionStateMachine.LocateAction) {
    guard action == .locate else { return }
    attemptTimer = loop.schedule(after: configuration.connectTimeout) { [unowned self] in
      failed(.unavailable("\(address.map { "\($0): " } ?? "")no connection within \(configuration.connectTimeout)"))
    }
    address = nil
    do throws(TLSContext.Unusable) {
      // Anew with each try: the files may have been replaced.
      if let settings = configuration.tls, machine.plan.usesTLS { tls = try TLSContext(settings) }
    } catch {
      return failed(.unavailable(error.reason))
    }
    switch configuration.target {
    case .unix(let path): connect(.unix(path: path))
    case .tcp(let node): connect(.tcp(node))
    case .sentinel(let sentinels): look(sentinels)
    }
  }

  private func connect(_ address: ServerAddress) {
    guard machine.located() == .connect else { return }
    self.address = address
    let channel = RedisChannel(
      loop: loop, address: address, limit: configuration.connectTimeout, limits: limits, metrics: metrics
    ) { [unowned self] in handle($0) }
    self.channel = channel
    channel.connect(lookup)
  }

  private func handle(_ event: RedisChannel.Event) {
    switch event {
    case .connected: proceed(machine.connected())
    case .secured: proceed(machine.secured())
    case .received(let reply):
      lastReceived = .now
      if machine.isReady { received(reply) } else { greeted(reply) }
    case .ended(let error): failed(error)
    }
  }

  private func proceed(_ action: ConnectionStateMachine.ConnectedAction) {
    switch action {
    case .secure: if let tls { channel?.secure(tls, name: configuration.tls?.serverName) }
    case .send(let step): channel?.send([command(of: step)])
    case .doNothing: break
    }
  }

  private func greeted(_ reply: RedisValue) {
    switch machine.answered(reply, now: lastReceived) {
    case .send(let step):
      if step == .authenticateWithFallback { triesFallbackPassword() }
      channel?.send([command(of: step)])
    case .ready(let clientID, let runID): becameReady(clientID: clientID, runID: runID)
    case .fail(let reason): failed(.unavailable("\(address.map { "\($0): " } ?? "")\(reason)"))
    case .doNothing: break
    }
  }

  private func command(of step: ConnectionStateMachine.Step) -> RedisCommand {
    switch step {
    case .authenticate: authentication(configuration.password)
    case .authenticateWithFallback: authentication(configuration.fallbackPassword)
    case .select: RedisCommand("SELECT", String(configuration.database))
    case .name: RedisCommand("CLIENT", "SETNAME", name)
    case .identify: RedisCommand("CLIENT", "ID")
    case .inspect: RedisCommand("INFO", "server")
    case .checkRole: RedisCommand("ROLE", [])
    }
  }

  /// CLIENT SETNAME takes visible ASCII only.
  private var name: String {
    let name = "\(configuration.clientName):\(role)".utf8.map { (0x21...0x7E).contains($0) ? $0 : UInt8(ascii: "_") }
    return String(decoding: name, as: UTF8.self)
  }

  private func authentication(_ password: String?) -> RedisCommand {
    let user = configuration.username.map { [RedisArgument.text($0)] } ?? []
    return RedisCommand("AUTH", user + [.text(password ?? "")])
  }

  // MARK: Sentinels

  private func look(_ sentinels: RedisSentinels) {
    lastLook = .now
    if sentinel == nil {
      // All of them, one after the other, and the master within the time of one try.
      let limit = configuration.connectTimeout / (sentinels.nodes.count + 1)
      sentinel = SentinelWatch(loop: loop, sentinels: sentinels, tls: configuration.tls, limit: limit) {
        [unowned self] in handle($0)
      }
    }
    sentinel?.look(tls: tls)
  }

  private func handle(_ event: SentinelWatch.Event) {
    switch event {
    case .found(let node) where !machine.isReady: connect(.tcp(node))
    case .found(let node):
      sentinel?.confirmed()
      switched(to: node)
    case .switched(let node): switched(to: node)
    case .gaveUp where machine.isReady, .lost: askSentinels(after: configuration.maxBackoff)
    case .gaveUp(let reason): failed(.unavailable(reason))
    }
  }

  private func switched(to node: RedisNode) {
    guard address != .tcp(node) else { return }
    failed(.unavailable("the master is \(node) now"))
  }

  /// Whether the master is still the master, while there is a connection; without one, each try asks. Not more often
  /// than once a second.
  func askSentinels(after delay: Duration = .zero) {
    guard machine.isReady, case .sentinel(let sentinels) = configuration.target else { return }
    if sentinelTimer?.isScheduled == true { return }
    let pause = lastLook + .seconds(1) - .now
    sentinelTimer = loop.schedule(after: max(delay, pause)) { [unowned self] in look(sentinels) }
  }
}

extension ConnectionStateMachine.Plan {
  init(_ configuration: RedisConfiguration) {
    hasPassword = configuration.password != nil
    hasFallbackPassword = configuration.fallbackPassword != nil
    selectsDatabase = configuration.database != 0
    switch configuration.target {
    case .tcp: usesTLS = configuration.tls != nil
    case .unix: usesTLS = false
    case .sentinel:
      usesTLS = configuration.tls != nil
      needsMaster = true
    }
  }
}
