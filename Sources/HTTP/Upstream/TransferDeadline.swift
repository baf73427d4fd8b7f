/// Which limit of a transfer runs, and whether it has passed. Instants are durations since any fixed point.
///
/// ```
///   connecting ──connected──▶ awaitingHead ──headArrived──▶ receiving ◀──released/held──▶ held
/// ```
struct TransferDeadline {
  private enum Phase {
    /// → awaitingHead.
    case connecting(since: Duration)
    /// → receiving; → connecting by a redirect.
    case awaitingHead(since: Duration)
    /// → held.
    case receiving(lastByte: Duration)
    /// Only `total` runs. → receiving.
    case held
  }

  enum Action: Equatable {
    case fail(UpstreamError)
    /// Ask again then.
    case wait(Duration)
    case doNothing
  }

  private let limits: UpstreamTimeouts
  private let opened: Duration
  private var phase: Phase
  private var isHeld = false

  init(_ limits: UpstreamTimeouts, now: Duration) {
    self.limits = limits
    opened = now
    phase = .connecting(since: now)
  }

  /// Also at a redirect.
  mutating func connecting(now: Duration) { phase = .connecting(since: now) }

  mutating func connected(now: Duration) { phase = .awaitingHead(since: now) }

  mutating func headArrived(now: Duration) { phase = isHeld ? .held : .receiving(lastByte: now) }

  mutating func bytesArrived(now: Duration) {
    if case .receiving = phase { phase = .receiving(lastByte: now) }
  }

  /// The reader has paused the transfer; before the head this changes nothing yet.
  mutating func held() {
    isHeld = true
    if case .receiving = phase { phase = .held }
  }

  mutating func released(now: Duration) {
    isHeld = false
    if case .held = phase { phase = .receiving(lastByte: now) }
  }

  func check(now: Duration) -> Action {
    let total = limits.total.map { (at: opened + $0, error: UpstreamError.totalTimeout) }
    let current: (at: Duration, error: UpstreamError)? =
      switch phase {
      case .connecting(let since): (since + limits.connect, .connectTimeout)
      case .awaitingHead(let since): (since + limits.firstByte, .firstByteTimeout)
      case .receiving(let lastByte): (lastByte + limits.idle, .stalled)
      case .held: nil
      }
    guard let first = [current, total].compactMap({ $0 }).min(by: { $0.at < $1.at }) else { return .doNothing }
    return first.at <= now ? .fail(first.error) : .wait(first.at - now)
  }
}
