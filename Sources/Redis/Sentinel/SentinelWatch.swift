internal import EventLoop

/// The shell of `SentinelStateMachine`: one connection to one sentinel at a time. Confined to its loop.
final class SentinelWatch {
  enum Event {
    case found(RedisNode)
    /// The master is another one now.
    case switched(RedisNode)
    case gaveUp(String)
    /// Nobody would tell of a new master any more: look again, later.
    case lost
  }

  private let loop: EventLoop
  private let sentinels: RedisSentinels
  private let limit: Duration
  private let handler: (Event) -> Void
  private let lookup = NameLookup()
  private let serverName: String?
  private var tls: TLSContext?
  private var machine: SentinelStateMachine
  private var channel: RedisChannel?
  /// Of the sentinel that is being asked.
  private var timer: LoopTimer?

  /// `limit`: how long one sentinel may take to answer.
  init(
    loop: EventLoop, sentinels: RedisSentinels, tls settings: RedisTLS?, limit: Duration,
    handler: @escaping (Event) -> Void
  ) {
    self.loop = loop
    self.sentinels = sentinels
    self.limit = limit
    self.handler = handler
    serverName = settings?.serverName
    machine = SentinelStateMachine(sentinels, usesTLS: settings != nil && sentinels.usesTLS)
  }

  /// Asks the sentinels in turn.
  func look(tls: TLSContext?) {
    self.tls = tls
    act(machine.look())
  }

  /// What was found is the master.
  func confirmed() { machine.confirmed() }

  func close() {
    timer = nil
    channel?.close()
    channel = nil
  }

  private func act(_ action: SentinelStateMachine.Action) {
    switch action {
    case .connect(let node): connect(node)
    case .secure: if let tls { channel?.secure(tls, name: serverName) }
    case .send(.authenticate):
      let user = sentinels.username.map { [RedisArgument.text($0)] } ?? []
      channel?.send([RedisCommand("AUTH", user + [.text(sentinels.password ?? "")])])
    case .send(.ask):
      channel?.send([RedisCommand("SENTINEL", "get-master-addr-by-name", sentinels.masterName)])
    case .found(let node):
      timer = nil
      channel?.send([RedisCommand("SUBSCRIBE", "+switch-master")])
      handler(.found(node))
    case .switched(let node): handler(.switched(node))
    case .giveUp(let reason):
      close()
      handler(.gaveUp(reason))
    case .lost:
      close()
      handler(.lost)
    case .doNothing: break
    }
  }

  private func connect(_ node: RedisNode) {
    close()
    timer = loop.schedule(after: limit) { [unowned self] in
      act(machine.failed("\(node): the sentinel does not answer"))
    }
    let channel = RedisChannel(loop: loop, address: .tcp(node), limit: limit, limits: RedisLimits()) {
      [unowned self] in handle($0)
    }
    self.channel = channel
    channel.connect(lookup)
  }

  private func handle(_ event: RedisChannel.Event) {
    switch event {
    case .connected: act(machine.connected())
    case .secured: act(machine.secured())
    case .received(let reply): act(machine.received(reply))
    case .ended(let error): act(machine.failed(error.reason))
    }
  }
}
