internal import Synchronization

/// The body of a request, piece by piece while it comes, for one reader. While 64 KiB of it are unread the server leaves
/// the rest in the client's hands.
package final class BodyStream: Sendable {
  /// Unread bytes at most: with so many no more is read from the socket.
  package static let window = 65_536

  private typealias Reader = CheckedContinuation<Result<[UInt8]?, RequestBodyError>, Never>
  private let machine = Mutex(BodyStreamStateMachine<Reader>(window: window))
  private let wanted: @Sendable () -> Void

  /// `wanted`: called when more is to be read from the socket; the first time the client is told to go on.
  init(wanted: @escaping @Sendable () -> Void) { self.wanted = wanted }

  /// The next piece, never empty; nil at the end of the body. One call at a time.
  package nonisolated(nonsending) func next() async throws(RequestBodyError) -> [UInt8]? {
    let result = await withCheckedContinuation { (reader: Reader) in
      let (action, isWanted) = machine.withLock { $0.ask(reader) }
      if isWanted { wanted() }
      switch action {
      case .answer(let result): reader.resume(returning: result)
      case .wait: break
      }
    }
    return try result.get()
  }

  /// How many bytes there is room for, at least one.
  var room: Int { machine.withLock { $0.room } }

  /// Adds bytes that have come. True: that is enough for now.
  func add(_ bytes: [UInt8]) -> Bool {
    switch machine.withLock({ $0.arrived(bytes) }) {
    case .resume(let reader):
      reader.resume(returning: .success(bytes))
      return false
    case .kept(let isEnough): return isEnough
    case .doNothing: return false
    }
  }

  /// Nothing more comes; nil: the body is complete. What is unread can still be read unless the body failed.
  func end(_ error: RequestBodyError?) {
    guard let reader = machine.withLock({ $0.ended(error) }) else { return }
    reader.resume(returning: error.map { .failure($0) } ?? .success(nil))
  }
}

/// Why the rest of a body never comes.
package enum RequestBodyError: Error, Sendable, Equatable {
  /// The client has left, or the request was answered meanwhile.
  case gone
  /// Too slow, too large or malformed: what the client is answered, unless the handler has better.
  case refused(Problem)
}
