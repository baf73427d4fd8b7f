internal import CLinux
internal import Glibc

/// What sockets are asked and told: addresses as text, options, bytes to throw away.
enum Sockets {
  /// A descriptor, or -errno.
  static func accept(_ listener: Int32) -> (descriptor: Int32, peer: PeerAddress) {
    var storage = sockaddr_storage()
    var length = UInt32(MemoryLayout<sockaddr_storage>.size)
    let descriptor = clinux_accept(listener, &storage, &length)
    return (descriptor, descriptor < 0 ? PeerAddress(text: "", port: 0) : peer(storage))
  }

  /// The peer that accept(2) wrote into `storage`.
  static func peer(_ storage: sockaddr_storage) -> PeerAddress {
    withUnsafeBytes(of: storage) { bytes in
      guard let base = bytes.baseAddress else { return PeerAddress(text: "", port: 0) }
      if storage.ss_family == sa_family_t(AF_INET6) {
        let address = base.loadUnaligned(as: sockaddr_in6.self)
        return PeerAddress(text: text(address.sin6_addr), port: Int(UInt16(bigEndian: address.sin6_port)))
      }
      let address = base.loadUnaligned(as: sockaddr_in.self)
      return PeerAddress(text: text(address.sin_addr, AF_INET), port: Int(UInt16(bigEndian: address.sin_port)))
    }
  }

  private static func text(_ address: in6_addr) -> String {
    let text = text(address, AF_INET6)
    let isMapped = text.hasPrefix("::ffff:") && text.utf8.contains(UInt8(ascii: "."))
    return isMapped ? String(text.dropFirst("::ffff:".utf8.count)) : text
  }

  private static func text<Address>(_ address: Address, _ family: Int32) -> String {
    withUnsafeBytes(of: address) { address in
      withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
        guard let base = buffer.baseAddress,
          inet_ntop(family, address.baseAddress, base, socklen_t(INET6_ADDRSTRLEN)) != nil
        else { return "" }
        return String(cString: base)
      }
    }
  }

  /// The port that a socket is bound to.
  static func localPort(_ descriptor: Int32) -> Int {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutableBytes(of: &storage) { bytes in
      getsockname(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), &length)
    }
    return code == 0 ? peer(storage).port : 0
  }

  /// Takes up to `count` bytes that have come and drops them, without copying (tcp(7), MSG_TRUNC); as read(2) otherwise.
  static func discard(_ descriptor: Int32, _ count: Int) -> Int {
    recv(descriptor, nil, count, Int32(MSG_DONTWAIT) | Int32(MSG_TRUNC))
  }

  /// Whether the peer has closed or reset, even behind bytes that have not been read.
  static func hasPeerEnded(_ descriptor: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: pollReadHangUp, revents: 0)
    return poll(&entry, 1, 0) > 0 && entry.revents & (pollReadHangUp | Int16(POLLHUP | POLLERR)) != 0
  }

  /// POLLRDHUP of poll(2), which Glibc's module lacks.
  private static let pollReadHangUp: Int16 = 0x2000

  static func setOption(_ descriptor: Int32, _ level: Int32, _ name: Int32, _ value: Int32) {
    var value = value
    setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<Int32>.size))
  }
}
