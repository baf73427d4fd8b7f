internal import Glibc
internal import Synchronization

/// Looks a host's addresses up away from the loop: getaddrinfo(3) blocks, for half a minute where a name server is
/// silent. At most one lookup at a time; each has a thread that ends with it.
final class NameLookup: Sendable {
  typealias Outcome = Result<[SocketAddress], LookupFailure>
  private let isBusy = Atomic<Bool>(false)

  /// Calls `completion` once: at once for an address, else on a thread.
  func start(_ node: RedisNode, completion: @escaping @Sendable (Outcome) -> Void) {
    if case .success(let addresses) = socketAddresses(of: node, isLiteral: true) {
      return completion(.success(addresses))
    }
    guard !isBusy.exchange(true, ordering: .acquiringAndReleasing) else {
      return completion(.failure(LookupFailure(reason: "the name server does not answer")))
    }
    let work = Unmanaged.passRetained(
      Work {
        let outcome = socketAddresses(of: node, isLiteral: false)
        self.isBusy.store(false, ordering: .releasing)
        completion(outcome)
      })
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Work>.fromOpaque(context).takeRetainedValue().body()
        return nil
      }, work.toOpaque())
    guard code != 0 else {
      pthread_detach(thread)
      return
    }
    work.release()
    isBusy.store(false, ordering: .releasing)
    completion(.failure(LookupFailure(reason: "no thread for the lookup (\(errorText(code)))")))
  }

  private final class Work: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}

/// strerror(3)
func errorText(_ code: Int32) -> String { String(cString: strerror(code)) }
