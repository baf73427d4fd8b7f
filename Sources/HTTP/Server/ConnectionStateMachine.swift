/// What a connection does next: the rules of persistence, deadlines and back-pressure (RFC 9112 §9), without a socket.
///
/// ```
///   waiting ──▶ head ──▶ body ──▶ answering ──▶ writing ──▶ waiting | ended
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

  /// What to do with readable bytes: give them to the parser, keep a few for later, leave them.
  enum Input { case parse, hold, leave }

  /// What follows a response.
  enum Sequel: Equatable { case nextRequest, close, linger, giveAway }

  private enum State {
    /// Nothing of the next request has come. Exits: head, ended.
    case waiting(until: Instant)
    /// Bytes of a head have come, or the connection is new. Exits: body, answering (refused), ended.
    case head(until: Instant)
    /// Exits: answering, ended.
    case body(until: Instant)
    /// A handler runs, or a refusal is being made. Exits: writing, ended.
    case answering(keepsAlive: Bool, isRefusal: Bool)
    /// `until` is nil while the socket takes all. Exits: waiting, ended.
    case writing(Sequel, until: Instant?)
    /// Closed, lingering or given away.
    case ended
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

  /// The request is answered by an error of the connection, and none follows.
  mutating func refused() { state = .answering(keepsAlive: false, isRefusal: true) }

  enum AnsweredAction: Equatable {
    case write(Sequel)
    /// The connection has gone meanwhile.
    case drop
  }

  /// `isOpenEnded`: the end of the body is that of the connection.
  mutating func answered(isLive: Bool, isOpenEnded: Bool = false) -> AnsweredAction {
    guard case .answering(let keepsAlive, let isRefusal) = state else { return .drop }
    let mayGoOn = keepsAlive && !isDraining && !isOpenEnded
    let sequel: Sequel = if isLive { .giveAway } else if isRefusal { .linger } else { mayGoOn ? .nextRequest : .close }
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
    case .waiting, .head, .body: return .close
    case .answering: return .cancelHandler
    case .writing, .ended: return .doNothing
    }
  }

  enum DeadlineAction: Equatable { case doNothing, close, refuseBody }

  func deadlinePassed(now: Instant) -> DeadlineAction {
    switch state {
    case .waiting(let until), .head(let until): until <= now ? .close : .doNothing
    case .body(let until): until <= now ? .refuseBody : .doNothing
    case .writing(_, let until?): until <= now ? .close : .doNothing
    case .writing(_, nil), .answering, .ended: .doNothing
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
