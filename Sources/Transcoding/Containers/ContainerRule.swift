/// How one client's container begins and ends. Decides; the `ContainerFeed` acts.
///
/// ```
///   starting ──bytes, header accepted──▶ flowing ──FFmpeg has ended──▶ finishing ──the client has it all──▶ over
///       └──FFmpeg has ended, nothing in time──▶ over            any ──stop──▶ over
/// ```
///
/// Bytes alone do not say that a container has begun: some formats write a part of their header, and then refuse a codec.
struct ContainerRule {
  /// What the container is made of.
  enum Input: Equatable {
    /// A source that FFmpeg reads by itself.
    case source
    /// The stream's log. Exit: `logEnded`.
    case log
    /// FFmpeg has been given all there was. `isWhole`: the log ended as it should.
    case logEnded(isWhole: Bool)
  }

  enum Ending: Equatable {
    case complete
    /// After a failure: never to be taken for a whole body.
    case cut
  }

  private enum State {
    /// There is no container yet. Exits: flowing, over.
    case starting(hasBytes: Bool, isAccepted: Bool)
    /// Exits: finishing, over.
    case flowing
    /// FFmpeg is gone; the client gets what it left. Exit: over.
    case finishing(Ending)
    /// Final.
    case over
  }

  enum EndAction: Equatable {
    /// There will be no first byte.
    case fail(SourceFailure)
    /// Deliver what is there, then end so.
    case finish(Ending)
    case doNothing
  }

  private var state = State.starting(hasBytes: false, isAccepted: false)
  private var input: Input

  init(input: Input) { self.input = input }

  var isOver: Bool {
    if case .over = state { return true }
    return false
  }

  var isStarting: Bool {
    if case .starting = state { return true }
    return false
  }

  /// Bytes have come. Answers whether the container begins with them.
  mutating func produced() -> Bool {
    guard case .starting(_, let isAccepted) = state else { return false }
    return begin(hasBytes: true, isAccepted: isAccepted)
  }

  /// FFmpeg has written the header and goes on. Answers whether the container begins now.
  mutating func accepted() -> Bool {
    guard case .starting(let hasBytes, _) = state else { return false }
    return begin(hasBytes: hasBytes, isAccepted: true)
  }

  private mutating func begin(hasBytes: Bool, isAccepted: Bool) -> Bool {
    state = hasBytes && isAccepted ? .flowing : .starting(hasBytes: hasBytes, isAccepted: isAccepted)
    return hasBytes && isAccepted
  }

  mutating func logEnded(isWhole: Bool) {
    if input == .log { input = .logEnded(isWhole: isWhole) }
  }

  /// FFmpeg has ended with success. `isComplete`: its source had an end, and has come to it.
  mutating func ended(isComplete: Bool) -> EndAction {
    let isWhole =
      switch input {
      case .source: isComplete
      case .log: false
      case .logEnded(let isWhole): isWhole
      }
    return end(.closed, isWhole ? .complete : .cut)
  }

  mutating func failed(_ failure: SourceFailure) -> EndAction { end(failure, .cut) }

  private mutating func end(_ failure: SourceFailure, _ ending: Ending) -> EndAction {
    switch state {
    case .starting:
      state = .over
      return .fail(failure)
    case .flowing:
      state = .finishing(ending)
      return .finish(ending)
    case .finishing, .over: return .doNothing
    }
  }

  /// The time for the first byte is over.
  mutating func waitedLongEnough() -> EndAction {
    isStarting ? end(.silent, .cut) : .doNothing
  }

  /// All that FFmpeg has made so far is with the client. Not nil: that was the end.
  mutating func delivered() -> Ending? {
    guard case .finishing(let ending) = state else { return nil }
    state = .over
    return ending
  }

  /// Ends it from outside. Answers whether it was not over.
  mutating func stop() -> Bool {
    if case .over = state { return false }
    state = .over
    return true
  }
}
