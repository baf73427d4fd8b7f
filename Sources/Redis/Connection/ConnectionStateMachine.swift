/// What a connection does next, without a socket.
///
/// ```
///   idle ──▶ locating ──▶ connecting ──▶ securing ──▶ greeting ──▶ ready
///               ▲              └──────────────┴──────────┴───┬───────┘
///               └──────────────── waiting ◀──────────────────┘          closed: from everywhere
/// ```
struct ConnectionStateMachine {
  typealias Instant = ContinuousClock.Instant

  /// A command that a new connection sends before it is ready.
  enum Step: Hashable {
    case authenticate
    /// With the password that is tried where none was given and the server wants one.
    case authenticateWithFallback
    case select
    /// CLIENT SETNAME: a server that refuses it will do.
    case name
    /// CLIENT ID
    case identify
    /// INFO server
    case inspect
    /// ROLE: it must be a master.
    case checkRole
  }

  struct Plan {
    var usesTLS = false
    var hasPassword = false
    var hasFallbackPassword = false
    var selectsDatabase = false
    var needsMaster = false

    fileprivate var steps: [Step] {
      (hasPassword ? [.authenticate] : []) + (needsMaster ? [.checkRole] : []) + (selectsDatabase ? [.select] : [])
        + [.name, .identify, .inspect]
    }
  }

  private enum State {
    /// Exits: locating, closed.
    case idle
    /// The sentinels are asked, where there are any. Exits: connecting, waiting, closed.
    case locating
    /// The name's lookup, then TCP. Exits: securing, greeting, waiting, closed.
    case connecting
    /// TLS. Exits: greeting, waiting, closed.
    case securing
    /// The first of `steps` has been sent. Exits: ready, waiting, closed.
    case greeting(steps: [Step], clientID: Int64)
    /// Exits: waiting, closed.
    case ready(since: Instant)
    /// Exits: locating, closed.
    case waiting
    case closed
  }

  let plan: Plan
  private let backoff: Backoff
  private var state = State.idle
  private var failures = 0
  /// Whether it has been said that there is no connection.
  private var hasSaidAway = false
  private var mayTryFallback: Bool
  /// A fallback password that was accepted goes out at once the next time.
  private var knowsFallback = false

  init(plan: Plan, backoff: Backoff) {
    self.plan = plan
    self.backoff = backoff
    mayTryFallback = plan.hasFallbackPassword && !plan.hasPassword
  }

  var isReady: Bool {
    if case .ready = state { true } else { false }
  }

  var isClosed: Bool {
    if case .closed = state { true } else { false }
  }

  enum LocateAction { case locate, doNothing }

  mutating func start() -> LocateAction {
    guard case .idle = state else { return .doNothing }
    state = .locating
    return .locate
  }

  mutating func retryDue() -> LocateAction {
    guard case .waiting = state else { return .doNothing }
    state = .locating
    return .locate
  }

  enum LocatedAction { case connect, doNothing }

  mutating func located() -> LocatedAction {
    guard case .locating = state else { return .doNothing }
    state = .connecting
    return .connect
  }

  enum ConnectedAction: Equatable { case secure, send(Step), doNothing }

  mutating func connected() -> ConnectedAction {
    guard case .connecting = state else { return .doNothing }
    guard plan.usesTLS else { return greet() }
    state = .securing
    return .secure
  }

  mutating func secured() -> ConnectedAction {
    guard case .securing = state else { return .doNothing }
    return greet()
  }

  private mutating func greet() -> ConnectedAction {
    let steps = (knowsFallback ? [.authenticateWithFallback] : []) + plan.steps
    state = .greeting(steps: steps, clientID: 0)
    return .send(steps[0])
  }

  enum AnsweredAction: Equatable {
    case send(Step)
    case ready(clientID: Int64, runID: String)
    /// The server does not want this client; the reason. `failed` is to follow.
    case fail(String)
    /// The reply is not the greeting's.
    case doNothing
  }

  /// The reply to the step that was sent.
  mutating func answered(_ reply: RedisValue, now: Instant) -> AnsweredAction {
    guard case .greeting(var steps, var clientID) = state else { return .doNothing }
    if let error = reply.error {
      if error.code == "NOAUTH", mayTryFallback {
        mayTryFallback = false
        state = .greeting(steps: [.authenticateWithFallback] + steps, clientID: clientID)
        return .send(.authenticateWithFallback)
      }
      guard steps[0] == .name, error.code != "NOAUTH" else { return .fail(error.message) }
    }
    var runID = ""
    switch steps.removeFirst() {
    case .authenticate, .select, .name: break
    case .authenticateWithFallback: knowsFallback = true
    case .identify: clientID = reply.integer ?? 0
    case .inspect: runID = Self.runID(in: reply.text ?? "")
    case .checkRole:
      guard reply.elements?.first?.text == "master" else { return .fail("the server is no master") }
    }
    guard let next = steps.first else {
      state = .ready(since: now)
      hasSaidAway = false
      return .ready(clientID: clientID, runID: runID)
    }
    state = .greeting(steps: steps, clientID: clientID)
    return .send(next)
  }

  /// The field of INFO; empty when it is not there.
  static func runID(in info: String) -> String {
    let lines = info.split { $0 == "\r\n" || $0 == "\n" }
    let field = "run_id:"
    return lines.first { $0.hasPrefix(field) }.map { String($0.dropFirst(field.count)) } ?? ""
  }

  enum FailedAction: Equatable {
    /// `isNews`: there was a connection, or this is the first try of all.
    case retry(after: Duration, isNews: Bool)
    case doNothing
  }

  /// The connection, or the try to make one, has come to an end. A connection that lasted longer than the longest wait
  /// begins with the shortest wait again. `random`: 0..<1.
  mutating func failed(now: Instant, random: Double) -> FailedAction {
    switch state {
    case .idle, .waiting, .closed: return .doNothing
    case .ready(let since):
      if now - since >= backoff.maximum { failures = 0 }
    case .locating, .connecting, .securing, .greeting: break
    }
    state = .waiting
    failures += 1
    let isNews = !hasSaidAway
    hasSaidAway = true
    return .retry(after: backoff.delay(failures: failures, random: random), isNews: isNews)
  }

  /// For good.
  mutating func close() { state = .closed }
}
