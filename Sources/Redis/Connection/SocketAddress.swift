internal import CLibevent
internal import Glibc

/// A socket address of any family.
struct SocketAddress: Sendable {
  private var storage = sockaddr_storage()
  private let length: socklen_t

  /// A copy of what getaddrinfo(3) gave.
  init?(_ address: UnsafePointer<sockaddr>?, length: socklen_t) {
    guard let address, Int(length) <= MemoryLayout<sockaddr_storage>.size else { return nil }
    self.length = length
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: address, count: Int(length)))
    }
  }

  /// Nil when the path is too long for a socket (107 bytes).
  init?(unixPath path: String) {
    var address = sockaddr_un()
    let path = Array(path.utf8)
    guard path.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path) }
    length = socklen_t(MemoryLayout<sockaddr_un>.size)
    withUnsafeMutableBytes(of: &storage) { storage in
      withUnsafeBytes(of: address) { storage.copyMemory(from: $0) }
    }
  }

  var family: Int32 { Int32(storage.ss_family) }

  func with<Value>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value {
    withUnsafePointer(to: storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }
}

/// The addresses of a host in the order of RFC 6724, as the system resolves names; blocks unless `isLiteral`, when
/// nothing but an address is taken.
func socketAddresses(of node: RedisNode, isLiteral: Bool) -> Result<[SocketAddress], LookupFailure> {
  var hints = addrinfo()
  hints.ai_family = AF_UNSPEC
  hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
  hints.ai_flags = isLiteral ? AI_NUMERICHOST | AI_NUMERICSERV : AI_NUMERICSERV
  var list: UnsafeMutablePointer<addrinfo>?
  let code = getaddrinfo(node.host, String(node.port), &hints, &list)
  guard code == 0 else { return .failure(LookupFailure(reason: String(cString: gai_strerror(code)))) }
  defer { freeaddrinfo(list) }
  var addresses: [SocketAddress] = []
  var next = list
  while let entry = next?.pointee {
    if let address = SocketAddress(entry.ai_addr, length: entry.ai_addrlen) { addresses.append(address) }
    next = entry.ai_next
  }
  return .success(addresses)
}

struct LookupFailure: Error {
  let reason: String
}
