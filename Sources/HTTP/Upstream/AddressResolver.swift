internal import Glibc
internal import Synchronization

/// Why a host has no address to connect to.
package enum AddressResolverError: Error, Hashable, Sendable {
  /// getaddrinfo(3)'s text.
  case notResolved(String)
  case timedOut
  /// Too many lookups wait already.
  case overloaded
  /// The policy refuses every address of the host; `address` is the first.
  case refused(IPAddress, AddressRefusal)
}

/// Resolves names as the system does (/etc/hosts, resolv.conf) away from the loops.
///
/// getaddrinfo(3) blocks, for half a minute where a name server is silent. Each lookup has a thread that ends when no
/// other lookup waits; there are at most `maxThreads`, and further lookups queue.
package final class AddressResolver: Sendable {
  typealias Lookup = @Sendable (String) -> Result<[IPAddress], AddressResolverError>
  typealias Completion = @Sendable (Result<[IPAddress], AddressResolverError>) -> Void

  private struct Waiting {
    let host: String
    let completion: Completion
    let since: ContinuousClock.Instant
  }

  private struct Queue {
    var threads = 0
    var waiting: [Waiting] = []
  }

  /// For `resolveChecked`, and how long a lookup may queue.
  package let timeout: Duration
  private let maxThreads: Int
  private let maxWaiting: Int
  private let lookup: Lookup
  private let queue = Mutex(Queue())

  package convenience init(maxThreads: Int = 16, maxWaiting: Int = 1024, timeout: Duration = .seconds(5)) {
    self.init(maxThreads: maxThreads, maxWaiting: maxWaiting, timeout: timeout, lookup: systemLookup)
  }

  init(maxThreads: Int, maxWaiting: Int, timeout: Duration, lookup: @escaping Lookup) {
    self.maxThreads = maxThreads
    self.maxWaiting = maxWaiting
    self.timeout = timeout
    self.lookup = lookup
  }

  /// An address of `host` that `policy` allows, for callers that hand it on as a literal (rtsp, rtmp, srt, udp). At most
  /// `timeout`; a cancelled task gets `timedOut`.
  package func resolveChecked(
    host: String, port: UInt16, policy: AddressPolicy, allowsMulticast: Bool = false
  ) async throws(AddressResolverError) -> IPAddress {
    var refused: AddressResolverError?
    for address in try await addresses(of: host).get() {
      switch policy.verdict(host: host, address: address, port: port, allowsMulticast: allowsMulticast) {
      case .allowed: return address
      case .refused(let reason): refused = refused ?? .refused(address, reason)
      }
    }
    throw refused ?? .notResolved("no address")
  }

  private func addresses(of host: String) async -> Result<[IPAddress], AddressResolverError> {
    await withTaskGroup(of: Result<[IPAddress], AddressResolverError>.self) { group in
      group.addTask {
        let reply = ResolverReply()
        return await reply.wait { self.resolve(host) { reply.give($0) } }
      }
      group.addTask { [timeout] in
        try? await Task.sleep(for: timeout)
        return .failure(.timedOut)
      }
      defer { group.cancelAll() }
      return await group.next() ?? .failure(.timedOut)
    }
  }

  /// Calls `completion` once, on any thread, perhaps before it returns. A literal needs no lookup.
  func resolve(_ host: String, completion: @escaping Completion) {
    let name = AddressLiteral.normalised(host: host)
    if let address = AddressLiteral.address(in: name) { return completion(.success([address])) }
    let item = Waiting(host: name, completion: completion, since: .now)
    let decision = queue.withLock { queue -> Decision in
      if queue.threads < maxThreads {
        queue.threads += 1
        return .startThread
      }
      guard queue.waiting.count < maxWaiting else { return .refuse }
      queue.waiting.append(item)
      return .wait
    }
    switch decision {
    case .wait: break
    case .refuse: completion(.failure(.overloaded))
    case .startThread: startThread(item)
    }
  }

  private enum Decision {
    case startThread
    case wait
    case refuse
  }

  private final class ThreadStart {
    let resolver: AddressResolver
    let first: Waiting
    init(_ resolver: AddressResolver, _ first: Waiting) {
      self.resolver = resolver
      self.first = first
    }
  }

  private func startThread(_ first: Waiting) {
    let context = Unmanaged.passRetained(ThreadStart(self, first))
    var handle = pthread_t()
    let code = pthread_create(
      &handle, nil,
      { context in
        guard let context else { return nil }
        let start = Unmanaged<ThreadStart>.fromOpaque(context).takeRetainedValue()
        start.resolver.work(from: start.first)
        return nil
      }, context.toOpaque())
    guard code != 0 else {
      pthread_detach(handle)
      return
    }
    context.release()
    queue.withLock { $0.threads -= 1 }
    first.completion(.failure(.overloaded))
  }

  /// A thread's life.
  private func work(from first: Waiting) {
    var current: Waiting? = first
    while let item = current {
      item.completion(ContinuousClock.now - item.since > timeout ? .failure(.timedOut) : lookup(item.host))
      current = queue.withLock { queue in
        if queue.waiting.isEmpty {
          queue.threads -= 1
          return nil
        }
        return queue.waiting.removeFirst()
      }
    }
  }
}

/// The addresses in the order of RFC 6724, each once.
private let systemLookup: AddressResolver.Lookup = { host in
  var hints = addrinfo()
  hints.ai_family = AF_UNSPEC
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  var list: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(host, nil, &hints, &list)
  guard code == 0 else { return .failure(.notResolved(String(cString: gai_strerror(code)))) }
  defer { freeaddrinfo(list) }
  var addresses: [IPAddress] = []
  var next = list
  while let entry = next?.pointee {
    if let raw = entry.ai_addr, let address = IPAddress(socketAddress: raw), !addresses.contains(address) {
      addresses.append(address)
    }
    next = entry.ai_next
  }
  return addresses.isEmpty ? .failure(.notResolved("no address")) : .success(addresses)
}
