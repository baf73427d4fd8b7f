/// What a connection does next: the rules of persistence, deadlines and back-pressure (RFC 9112 §9), without a socket.
///
/// ```
///   waiting ──▶ head ──▶ body | streaming ──▶ answering ──▶ writing ──▶ waiting | ended
///                 └────────┴── refused ──▶ answering
/// ```
struct ConnectionStateMachine {
  typealias Instant = ContinuousClock.Instant

  struct Timeouts {
    var header = Duration.seconds(10)
    var body = Duration.seconds(30)
    var idle = Duration.seconds(60)
    var write = Duration.seconds(60)
  }

  /// What to do with readable bytes: give them to the parser, keep a few for later, leave them for a while or for ever.
  enum Input { case parse, hold, pause, leave }

  /// So much of a streamed body has the time that a whole body has elsewhere.
  static let timedBytes = 65_536

  /// What follows a response.
  enum Sequel: Equatable { case nextRequest, close, linger, giveAway }

  private enum State {
    /// Nothing of the next request has come. Exits: head, ended.
    case waiting(until: Instant)
    /// Bytes of a head have come, or the connection is new. Exits: body, streaming, answering (refused), ended.
    case head(until: Instant)
    /// Exits: answering, ended.
    case body(until: Instant)
    /// A handler runs while the body comes. Exits: answering, writing (it did not want the rest), ended.
    case streaming(BodyFlow, keepsAlive: Bool)
    /// A handler runs, or a refusal is being made. Exits: writing, ended.
    case answering(keepsAlive: Bool, isRefusal: Bool)
    /// `until` is nil while the socket takes all. Exits: waiting, ended.
    case writing(Sequel, until: Instant?)
    /// Closed, lingering or given away.
    case ended
  }

  private enum BodyFlow {
    /// `until`: when `left` bytes more must have come.
    case reading(until: Instant, left: Int)
    /// The handler has enough unread.
    case paused
  }

  private var state: State
  private let timeouts: Timeouts
  private var isDraining: Bool
  private(set) var hasPeerEnded = false

  init(timeouts: Timeouts, isDraining: Bool = false, now: Instant) {
    self.timeouts = timeouts
    self.isDraining = isDraining
    state = .head(until: now + timeouts.header)
  }

  var input: Input {
    switch state {
    case .waiting, .head, .body: .parse
    case .streaming(.reading, _): .parse
    case .streaming(.paused, _): .pause
    case .answering, .writing: .hold
    case .ended: .leave
    }
  }

  mutating func bytesArrived(now: Instant) {
    if case .waiting = state { state = .head(until: now + timeouts.header) }
  }

  mutating func headCompleted(now: Instant) { state = .body(until: now + timeouts.body) }

  mutating func requestCompleted(keepsAlive: Bool) {
    state = .answering(keepsAlive: keepsAlive, isRefusal: false)
  }

  // MARK: A body that a handler reads while it comes

  mutating func streamBegan(keepsAlive: Bool, now: Instant) {
    state = .streaming(reading(now), keepsAlive: keepsAlive)
  }

  private func reading(_ now: Instant) -> BodyFlow { .reading(until: now + timeouts.body, left: Self.timedBytes) }

  mutating func bodyArrived(_ count: Int, now: Instant) {
    guard case .streaming(.reading(let until, let left), let keepsAlive) = state else { return }
    state = .streaming(
      count < left ? .reading(until: until, left: left - count) : reading(now), keepsAlive: keepsAlive)
  }

  /// The handler has enough unread.
  mutating func bodyHeldBack() {
    guard case .streaming(_, let keepsAlive) = state else { return }
    state = .streaming(.paused, keepsAlive: keepsAlive)
  }

  mutating func bodyWanted(now: Instant) {
    guard case .streaming(.paused, let keepsAlive) = state else { return }
    state = .streaming(reading(now), keepsAlive: keepsAlive)
  }

  mutating func streamEnded() {
    guard case .streaming(_, let keepsAlive) = state else { return }
    state = .answering(keepsAlive: keepsAlive, isRefusal: false)
  }

  // MARK: Answers

  /// The request is answered by an error of the connection, and none follows.
  mutating func refused() { state = .answering(keepsAlive: false, isRefusal: true) }

  enum AnsweredAction: Equatable {
    case write(Sequel)
    /// The connection has gone meanwhile.
    case drop
  }

  /// `isOpenEnded`: the end of the body is that of the connection.
  mutating func answered(isLive: Bool, isOpenEnded: Bool = false) -> AnsweredAction {
    let sequel: Sequel
    switch state {
    case .answering(let keepsAlive, let isRefusal):
      let mayGoOn = keepsAlive && !isDraining && !isOpenEnded
      sequel = isRefusal ? .linger : mayGoOn ? .nextRequest : .close
    case .streaming: sequel = .linger
    case .waiting, .head, .body, .writing, .ended: return .drop
    }
    return write(isLive ? .giveAway : sequel)
  }

  private mutating func write(_ sequel: Sequel) -> AnsweredAction {
    state = .writing(sequel, until: nil)
    return .write(sequel)
  }

  /// The socket takes no more for now.
  mutating func blocked(now: Instant) {
    guard case .writing(let sequel, _) = state else { return }
    state = .writing(sequel, until: now + timeouts.write)
  }

  /// The response is in the socket.
  mutating func written(now: Instant) -> Sequel? {
    guard case .writing(let sequel, _) = state else { return nil }
    switch sequel {
    case .nextRequest: state = .waiting(until: now + timeouts.idle)
    case .close, .linger, .giveAway: state = .ended
    }
    return sequel
  }

  enum PeerEndedAction { case close, cancelHandler, doNothing }

  /// The client has closed, or half-closed: what it has asked for before is still answered.
  mutating func peerEnded() -> PeerEndedAction {
    hasPeerEnded = true
    switch state {
    case .waiting, .head, .body, .streaming: return .close
    case .answering: return .cancelHandler
    case .writing, .ended: return .doNothing
    }
  }

  enum DeadlineAction: Equatable { case doNothing, close, refuseBody, failBody }

  func deadlinePassed(now: Instant) -> DeadlineAction {
    switch state {
    case .waiting(let until), .head(let until): until <= now ? .close : .doNothing
    case .body(let until): until <= now ? .refuseBody : .doNothing
    case .streaming(.reading(let until, _), _): until <= now ? .failBody : .doNothing
    case .writing(_, let until?): until <= now ? .close : .doNothing
    case .writing(_, nil), .streaming(.paused, _), .answering, .ended: .doNothing
    }
  }

  /// True when the connection is to be closed now. A new one may still ask once.
  mutating func drain() -> Bool {
    isDraining = true
    if case .waiting = state { return true }
    return false
  }

  mutating func end() { state = .ended }
}
