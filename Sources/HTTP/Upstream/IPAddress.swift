internal import Glibc

/// An IPv4 or IPv6 address, without port and without zone.
package enum IPAddress: Hashable, Sendable {
  /// In host byte order: 127.0.0.1 is `0x7f00_0001`.
  case v4(UInt32)
  /// The first and the last eight bytes, in host byte order.
  case v6(high: UInt64, low: UInt64)

  /// Reads the canonical spellings only: four decimal numbers, or RFC 4291 §2.2 without brackets and zone.
  package init?(_ text: String) {
    var v4 = in_addr()
    var v6 = in6_addr()
    if inet_pton(AF_INET, text, &v4) == 1 {
      self = .v4(UInt32(bigEndian: v4.s_addr))
    } else if inet_pton(AF_INET6, text, &v6) == 1 {
      self = withUnsafeBytes(of: v6) { IPAddress(v6Bytes: $0) }
    } else {
      return nil
    }
  }

  /// From a `sockaddr_in` or `sockaddr_in6`; nil for other families.
  package init?(socketAddress: UnsafeRawPointer) {
    switch Int32(socketAddress.loadUnaligned(as: sockaddr.self).sa_family) {
    case AF_INET:
      self = .v4(UInt32(bigEndian: socketAddress.loadUnaligned(as: sockaddr_in.self).sin_addr.s_addr))
    case AF_INET6:
      let address = socketAddress.loadUnaligned(as: sockaddr_in6.self).sin6_addr
      self = withUnsafeBytes(of: address) { IPAddress(v6Bytes: $0) }
    default: return nil
    }
  }

  private init(v6Bytes bytes: UnsafeRawBufferPointer) {
    self = .v6(
      high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }

  package var isV6: Bool {
    switch self {
    case .v4: false
    case .v6: true
    }
  }

  /// How a URL writes it: IPv6 in brackets (RFC 3986 §3.2.2).
  package var urlHost: String { isV6 ? "[\(description)]" : description }

  /// Gives `body` a socket address with this address and `port`.
  func withSocketAddress<Result>(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    var storage = sockaddr_storage()
    let length = withUnsafeMutableBytes(of: &storage) { fill($0, port: port) }
    return withUnsafePointer(to: storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  private func fill(_ bytes: UnsafeMutableRawBufferPointer, port: UInt16) -> socklen_t {
    switch self {
    case .v4(let bits):
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = bits.bigEndian
      bytes.storeBytes(of: address, as: sockaddr_in.self)
      return socklen_t(MemoryLayout<sockaddr_in>.size)
    case .v6(let high, let low):
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      withUnsafeMutableBytes(of: &address.sin6_addr) { target in
        target.storeBytes(of: high.bigEndian, as: UInt64.self)
        target.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
      }
      bytes.storeBytes(of: address, as: sockaddr_in6.self)
      return socklen_t(MemoryLayout<sockaddr_in6>.size)
    }
  }
}

extension IPAddress: CustomStringConvertible {
  /// The canonical text (RFC 5952), without brackets.
  package var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    switch self {
    case .v4(let bits):
      var address = in_addr(s_addr: bits.bigEndian)
      inet_ntop(AF_INET, &address, &text, socklen_t(text.count))
    case .v6(let high, let low):
      var words = (high.bigEndian, low.bigEndian)
      inet_ntop(AF_INET6, &words, &text, socklen_t(text.count))
    }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
