internal import CLinux
internal import Glibc

/// Sockets of one address, one for each loop: SO_REUSEPORT spreads the connections over them.
enum ListenSockets {
  private static let backlog: Int32 = 1024

  /// `count` ≥ 1 sockets of the same port, non-blocking, that do not listen yet. `port` 0 takes a free one.
  static func bind(host: String, port: Int, count: Int) throws(HTTPServerError) -> [Int32] {
    let addresses = try resolve(host: host, port: port)
    defer { freeaddrinfo(addresses) }
    if port != 0 { try probe(addresses, host: host, port: port) }
    var sockets: [Int32] = []
    do {
      for _ in 0..<count {
        let bound = sockets.first.map(Sockets.localPort) ?? port
        sockets.append(try shared(addresses, host: host, port: bound))
      }
    } catch {
      for socket in sockets { close(socket) }
      throw error
    }
    return sockets
  }

  /// Listens on sockets of `bind`; closes them all if one cannot.
  static func listen(_ sockets: [Int32], host: String, port: Int) throws(HTTPServerError) {
    do throws(HTTPServerError) {
      let addresses = try resolve(host: host, port: port)
      defer { freeaddrinfo(addresses) }
      try probe(addresses, host: host, port: port)
      for socket in sockets where Glibc.listen(socket, backlog) != 0 {
        throw failure(host: host, port: port)
      }
    } catch {
      for socket in sockets { close(socket) }
      throw error
    }
  }

  /// With SO_REUSEPORT a second server of the same user would share a taken port in silence.
  private static func probe(
    _ addresses: UnsafeMutablePointer<addrinfo>, host: String, port: Int
  ) throws(HTTPServerError) {
    close(try bound(addresses, host: host, port: port, sharesPort: false))
  }

  private static func resolve(host: String, port: Int) throws(HTTPServerError) -> UnsafeMutablePointer<addrinfo> {
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var addresses: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host.isEmpty ? nil : host, String(port), &hints, &addresses)
    guard code == 0, let addresses else {
      throw .unknownHost(host, reason: String(cString: gai_strerror(code)))
    }
    return addresses
  }

  private static func shared(
    _ addresses: UnsafeMutablePointer<addrinfo>, host: String, port: Int
  ) throws(HTTPServerError) -> Int32 {
    let descriptor = try bound(addresses, host: host, port: port, sharesPort: true)
    guard clinux_set_nonblocking(descriptor) >= 0 else {
      throw failure(closing: descriptor, host: host, port: port)
    }
    return descriptor
  }

  private static func bound(
    _ addresses: UnsafeMutablePointer<addrinfo>, host: String, port: Int, sharesPort: Bool
  ) throws(HTTPServerError) -> Int32 {
    let address = addresses.pointee
    let descriptor = socket(address.ai_family, address.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), address.ai_protocol)
    guard descriptor >= 0 else { throw failure(closing: descriptor, host: host, port: port) }
    Sockets.setOption(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)
    if sharesPort { Sockets.setOption(descriptor, SOL_SOCKET, SO_REUSEPORT, 1) }
    if address.ai_family == AF_INET6 { Sockets.setOption(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 0) }
    var storage = sockaddr_storage()
    let code = withUnsafeMutableBytes(of: &storage) { bytes -> Int32 in
      bytes.copyMemory(from: UnsafeRawBufferPointer(start: address.ai_addr, count: Int(address.ai_addrlen)))
      // sin_port and sin6_port stand at the same place.
      bytes.storeBytes(of: UInt16(truncatingIfNeeded: port).bigEndian, toByteOffset: 2, as: UInt16.self)
      return Glibc.bind(descriptor, bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self), address.ai_addrlen)
    }
    guard code == 0 else { throw failure(closing: descriptor, host: host, port: port) }
    return descriptor
  }

  private static func failure(closing descriptor: Int32 = -1, host: String, port: Int) -> HTTPServerError {
    let code = errno
    if descriptor >= 0 { close(descriptor) }
    if code == EADDRINUSE { return .portTaken(host: host, port: port) }
    return .cannotListen(host: host, port: port, reason: String(cString: strerror(code)))
  }
}
