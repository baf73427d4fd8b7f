/// What is between the socket and the reader of a body.
///
/// ```
///   kept ◀──▶ awaited
///     └──▶ ended ◀──┘
/// ```
struct BodyStreamStateMachine<Reader> {
  private enum State {
    /// Bytes that nobody has asked for yet. Exits: awaited, ended.
    case kept([UInt8])
    /// All was read, and more is waited for. Exits: kept, ended.
    case awaited(Reader)
    /// What is still to be read, then the end or why it was cut short.
    case ended([UInt8], RequestBodyError?)
  }

  private let window: Int
  private var state = State.kept([])
  private var wasAsked = false
  /// So much is kept that the socket is not read.
  private var isHeldBack = false

  init(window: Int) { self.window = window }

  var room: Int {
    if case .kept(let bytes) = state { max(1, window - bytes.count) } else { window }
  }

  enum AskAction {
    case answer(Result<[UInt8]?, RequestBodyError>)
    case wait
  }

  /// `isWanted`: the socket is to be read from now on.
  mutating func ask(_ reader: Reader) -> (action: AskAction, isWanted: Bool) {
    let isWanted = isHeldBack || !wasAsked
    (wasAsked, isHeldBack) = (true, false)
    switch state {
    case .kept(let bytes) where bytes.isEmpty:
      state = .awaited(reader)
      return (.wait, isWanted)
    case .kept(let bytes):
      state = .kept([])
      return (.answer(.success(bytes)), isWanted)
    case .awaited: preconditionFailure("a body has one reader at a time")
    case .ended(let bytes, let error):
      state = .ended([], error)
      if !bytes.isEmpty { return (.answer(.success(bytes)), false) }
      return (.answer(error.map { .failure($0) } ?? .success(nil)), false)
    }
  }

  enum ArrivalAction {
    /// With the bytes that have come.
    case resume(Reader)
    case kept(isEnough: Bool)
    /// Too late.
    case doNothing
  }

  /// `bytes`: at least one.
  mutating func arrived(_ bytes: [UInt8]) -> ArrivalAction {
    switch state {
    case .kept(var kept):
      state = .kept([])
      kept += bytes
      isHeldBack = kept.count >= window
      state = .kept(kept)
      return .kept(isEnough: isHeldBack)
    case .awaited(let reader):
      state = .kept([])
      return .resume(reader)
    case .ended: return .doNothing
    }
  }

  /// The reader that waits, for the end.
  mutating func ended(_ error: RequestBodyError?) -> Reader? {
    switch state {
    case .kept(let bytes):
      state = .ended(error == nil ? bytes : [], error)
      return nil
    case .awaited(let reader):
      state = .ended([], error)
      return reader
    case .ended: return nil
    }
  }
}
