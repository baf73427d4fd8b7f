/// When a source that was opened ahead of a handover may take the stream over, and where it begins.
///
/// ```
///   warming ──the log's end is in what it sent, or a random access point──▶ ready ──owner──▶ seeking ──▶ over
/// ```
///
/// A source that sends each connection the same packets goes on behind the log's last one. Its first packets may be later
/// than what the owner has committed by then: that the log comes up to them is waited for. Other sources, and those with a
/// clock of their own, begin at a random access point.
struct HandoverRule {
  typealias Instant = ContinuousClock.Instant

  enum Action: Equatable {
    case nothing
    /// The stream can be claimed.
    case ready
    /// The first packet is the one behind the log's end.
    case goOn
    case beginAtPoint
  }

  private enum State {
    /// Exits: ready, over. Since when it has a random access point.
    case warming(Instant?)
    /// Whether it has sent what the log ended with. Exits: seeking, over.
    case ready(hasHadEnd: Bool)
    /// Since nil: it is not waited for. Its owner has the log's last chunk. Exits: over.
    case seeking(Instant?)
    case over
  }

  /// How long the log's end is looked for where it could do without.
  static let patience = Duration.seconds(1)

  private let seeksEnd: Bool
  private var state = State.warming(nil)

  /// `seeksEnd`: it may send what another connection gets.
  init(seeksEnd: Bool) { self.seeksEnd = seeksEnd }

  var isReady: Bool {
    if case .ready = state { true } else { false }
  }

  /// The log is this worker's own.
  mutating func open(now: Instant) {
    if case .ready(let hasHadEnd) = state { state = .seeking(hasHadEnd ? now : nil) }
  }

  /// The source is gone.
  mutating func close() { state = .over }

  mutating func look(hasPoint: Bool, hasEnd: Bool, now: Instant) -> Action {
    switch state {
    case .ready, .over: return .nothing
    case .warming(let since):
      let since = since ?? (hasPoint ? now : nil)
      let isDue = since.map { !seeksEnd || $0.duration(to: now) >= Self.patience } ?? false
      state = hasEnd || isDue ? .ready(hasHadEnd: hasEnd) : .warming(since)
      return isReady ? .ready : .nothing
    case .seeking(let since):
      let waits = since.map { $0.duration(to: now) < Self.patience } ?? false
      guard hasEnd || !waits else { return .nothing }
      state = .over
      return hasEnd ? .goOn : .beginAtPoint
    }
  }
}
