internal import Glibc

/// A TCP connection for the commands that ask a worker: blocking, with one deadline for everything.
struct PlainConnection: ~Copyable {
  /// In words, with the address.
  struct Failure: Error, Equatable {
    let message: String
  }

  private let peer: Peer
  private let descriptor: Int32

  /// The wildcard addresses mean loopback.
  init(host: String, port: UInt16, within limit: Duration) throws(Failure) {
    peer = Peer(host: host, port: port, limit: limit, deadline: .now + limit)
    descriptor = try peer.connect()
  }

  deinit { close(descriptor) }

  func send(_ bytes: [UInt8]) throws(Failure) {
    var sent = 0
    while sent < bytes.count {
      try peer.wait(descriptor, POLLOUT)
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 { sent += count } else if errno != EAGAIN, errno != EINTR { throw peer.failed("send", errno) }
    }
  }

  /// Some bytes; none when the peer has closed.
  func receive() throws(Failure) -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 65536)
    while true {
      try peer.wait(descriptor, POLLIN)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count >= 0 { return Array(buffer[..<count]) }
      if errno != EAGAIN, errno != EINTR { throw peer.failed("recv", errno) }
    }
  }
}

/// Where a connection goes, and until when.
private struct Peer {
  let address: String
  let port: UInt16
  let limit: Duration
  let deadline: ContinuousClock.Instant

  typealias Failure = PlainConnection.Failure

  init(host: String, port: UInt16, limit: Duration, deadline: ContinuousClock.Instant) {
    address =
      switch host {
      case "0.0.0.0", "": "127.0.0.1"
      case "::": "::1"
      default: host
      }
    self.port = port
    self.limit = limit
    self.deadline = deadline
  }

  func connect() throws(Failure) -> Int32 {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address, String(port), &hints, &found) == 0 else {
      throw Failure(message: "\(address) is no known host")
    }
    defer { freeaddrinfo(found) }
    var failure = Failure(message: "\(address):\(port) has no address")
    var candidate = found
    while let info = candidate?.pointee {
      do throws(Failure) { return try connect(info) } catch { failure = error }
      candidate = info.ai_next
    }
    throw failure
  }

  private func connect(_ info: addrinfo) throws(Failure) -> Int32 {
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(info.ai_family, info.ai_socktype | flags, info.ai_protocol)
    guard descriptor >= 0 else { throw failed("socket", errno) }
    do throws(Failure) {
      if Glibc.connect(descriptor, info.ai_addr, info.ai_addrlen) != 0 {
        guard errno == EINPROGRESS else { throw failed("connect", errno) }
        try wait(descriptor, POLLOUT)
        var error: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &length)
        guard error == 0 else { throw failed("connect", error) }
      }
      return descriptor
    } catch {
      close(descriptor)
      throw error
    }
  }

  func wait(_ descriptor: Int32, _ event: Int32) throws(Failure) {
    while true {
      let left = (deadline - .now) / .milliseconds(1)
      guard left > 0 else {
        throw Failure(message: "\(address):\(port) did not answer within \(limit.decimalSeconds) s")
      }
      var wanted = pollfd(fd: descriptor, events: Int16(event), revents: 0)
      if poll(&wanted, 1, Int32(left.rounded(.up))) > 0 { return }
    }
  }

  func failed(_ call: String, _ code: Int32) -> Failure {
    Failure(message: "\(address):\(port): \(call): \(String(cString: strerror(code)))")
  }
}
