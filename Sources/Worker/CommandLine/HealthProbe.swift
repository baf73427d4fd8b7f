internal import Glibc

/// Asks a worker of this machine whether it lives, with a plain socket: the check of a container must not need a client.
struct HealthProbe {
  /// As in the configuration; the wildcard addresses mean loopback.
  let host: String
  let port: UInt16
  /// For everything together.
  var limit: Duration = .seconds(2)

  struct Failure: Error, Equatable {
    let message: String
  }

  /// Returns when `GET /livez` is answered with 200 in time.
  func check() throws(Failure) {
    let deadline = ContinuousClock.now + limit
    let descriptor = try connect(deadline)
    defer { close(descriptor) }
    try send(Array("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8), descriptor, deadline)
    let line = try firstLine(descriptor, deadline)
    let words = line.split(separator: " ")
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1] == "200" else {
      throw Failure(message: "\(address):\(port) answered '\(line.prefix(80))'")
    }
  }

  private var address: String {
    switch host {
    case "0.0.0.0", "": "127.0.0.1"
    case "::": "::1"
    default: host
    }
  }

  private func connect(_ deadline: ContinuousClock.Instant) throws(Failure) -> Int32 {
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
      do throws(Failure) { return try connect(info, deadline) } catch { failure = error }
      candidate = info.ai_next
    }
    throw failure
  }

  private func connect(_ info: addrinfo, _ deadline: ContinuousClock.Instant) throws(Failure) -> Int32 {
    let flags = Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = socket(info.ai_family, info.ai_socktype | flags, info.ai_protocol)
    guard descriptor >= 0 else { throw failed("socket", errno) }
    do throws(Failure) {
      if Glibc.connect(descriptor, info.ai_addr, info.ai_addrlen) != 0 {
        guard errno == EINPROGRESS else { throw failed("connect", errno) }
        try wait(descriptor, POLLOUT, deadline)
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

  private func send(_ bytes: [UInt8], _ descriptor: Int32, _ deadline: ContinuousClock.Instant) throws(Failure) {
    var sent = 0
    while sent < bytes.count {
      try wait(descriptor, POLLOUT, deadline)
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count > 0 { sent += count } else if errno != EAGAIN, errno != EINTR { throw failed("send", errno) }
    }
  }

  private func firstLine(_ descriptor: Int32, _ deadline: ContinuousClock.Instant) throws(Failure) -> String {
    var line: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1024)
    while !line.contains(UInt8(ascii: "\r")), line.count < 4096 {
      try wait(descriptor, POLLIN, deadline)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 {
        line += buffer[..<count]
      } else if count == 0 {
        break
      } else if errno != EAGAIN, errno != EINTR {
        throw failed("recv", errno)
      }
    }
    return String(decoding: line.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
  }

  private func wait(_ descriptor: Int32, _ event: Int32, _ deadline: ContinuousClock.Instant) throws(Failure) {
    while true {
      let left = (deadline - .now) / .milliseconds(1)
      guard left > 0 else {
        throw Failure(message: "\(address):\(port) did not answer within \(limit.decimalSeconds) s")
      }
      var wanted = pollfd(fd: descriptor, events: Int16(event), revents: 0)
      if poll(&wanted, 1, Int32(left.rounded(.up))) > 0 { return }
    }
  }

  private func failed(_ call: String, _ code: Int32) -> Failure {
    Failure(message: "\(address):\(port): \(call): \(String(cString: strerror(code)))")
  }
}
