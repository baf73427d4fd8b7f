/// Which sentinel is asked for the master, and what it says, without a socket
/// (https://redis.io/docs/latest/develop/reference/sentinel-clients/).
///
/// ```
///   idle ──▶ connecting ──▶ securing ──▶ greeting ──▶ asking ──▶ subscribing ──▶ watching
///               ▲   └───────────┴─ the next one ─┴──────┘              └───┬────────┘
///               └───────────────────── idle ◀── all have failed ───────────┘ lost
/// ```
struct SentinelStateMachine {
  enum Command: Equatable { case authenticate, ask }

  private enum State {
    case idle
    /// `left`: sentinels that have not been tried in this round. Exits: securing, greeting, asking, idle.
    case connecting(left: Int)
    case securing(left: Int)
    /// AUTH has been sent.
    case greeting(left: Int)
    case asking(left: Int)
    /// The master is known; the sentinel is to tell when it is another. Exits: watching, idle.
    case subscribing
    case watching
  }

  private let nodes: [RedisNode]
  private let masterName: String
  private let hasPassword: Bool
  private let usesTLS: Bool
  private var state = State.idle
  private var index = 0
  /// Whether the last answer led to a master, so that the same sentinel is asked first the next time.
  private var isTrusted = true

  init(_ sentinels: RedisSentinels, usesTLS: Bool) {
    nodes = sentinels.nodes
    masterName = sentinels.masterName
    hasPassword = sentinels.password != nil
    self.usesTLS = usesTLS
  }

  enum Action: Equatable {
    /// Instead of the present connection.
    case connect(RedisNode)
    case secure
    case send(Command)
    /// The master; SUBSCRIBE is to be sent.
    case found(RedisNode)
    /// The master is another one now.
    case switched(RedisNode)
    /// No sentinel has answered; why the last one has not.
    case giveUp(String)
    /// The sentinel that watched is gone.
    case lost
    case doNothing
  }

  /// Begins a round, whatever went on.
  mutating func look() -> Action {
    guard !nodes.isEmpty else { return .giveUp("no sentinel is given") }
    if !isTrusted { advance() }
    isTrusted = false
    state = .connecting(left: nodes.count - 1)
    return .connect(nodes[index])
  }

  private mutating func advance() { index = (index + 1) % nodes.count }

  /// The server that was found is the master.
  mutating func confirmed() { isTrusted = true }

  mutating func connected() -> Action {
    guard case .connecting(let left) = state else { return .doNothing }
    guard usesTLS else { return greet(left) }
    state = .securing(left: left)
    return .secure
  }

  mutating func secured() -> Action {
    guard case .securing(let left) = state else { return .doNothing }
    return greet(left)
  }

  private mutating func greet(_ left: Int) -> Action {
    state = hasPassword ? .greeting(left: left) : .asking(left: left)
    return .send(hasPassword ? .authenticate : .ask)
  }

  mutating func received(_ reply: RedisValue) -> Action {
    switch state {
    case .idle, .connecting, .securing: return .doNothing
    case .greeting(let left):
      if let error = reply.error { return failed(error.message) }
      state = .asking(left: left)
      return .send(.ask)
    case .asking:
      if let error = reply.error { return failed(error.message) }
      guard let answer = reply.elements, answer.count == 2, let host = answer[0].text, let port = answer[1].integer,
        let port = UInt16(exactly: port)
      else { return failed("the sentinel does not know the master \(masterName)") }
      state = .subscribing
      return .found(RedisNode(host: host, port: port))
    case .subscribing, .watching:
      if let error = reply.error { return failed(error.message) }
      state = .watching
      return news(reply)
    }
  }

  /// `message`, channel, `<name> <old address> <old port> <new address> <new port>`.
  private func news(_ reply: RedisValue) -> Action {
    guard let parts = reply.elements, parts.count == 3, parts[0].text == "message",
      let words = parts[2].text?.split(separator: " "), words.count == 5, words[0] == masterName,
      let port = UInt16(words[4])
    else { return .doNothing }
    return .switched(RedisNode(host: String(words[3]), port: port))
  }

  /// The connection to the sentinel, or the try to make one, has come to an end.
  mutating func failed(_ reason: String) -> Action {
    switch state {
    case .idle: return .doNothing
    case .subscribing, .watching:
      state = .idle
      return .lost
    case .connecting(let left), .securing(let left), .greeting(let left), .asking(let left):
      advance()
      guard left > 0 else {
        state = .idle
        return .giveUp(reason)
      }
      state = .connecting(left: left - 1)
      return .connect(nodes[index])
    }
  }
}
