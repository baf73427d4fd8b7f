internal import CLinux
internal import Glibc

/// A system call that failed.
package struct SocketError: Error, Equatable, CustomStringConvertible {
  package let call: String
  /// errno(3)
  package let code: Int32

  package var description: String { "\(call): \(String(cString: strerror(code)))" }
}

/// Non-blocking TCP sockets of 127.0.0.1, close-on-exec; waiting is poll(2)'s.
enum Socket {
  /// A listener; port 0 takes a free one.
  static func listen(port: Int) throws(SocketError) -> (descriptor: Int32, port: Int) {
    let descriptor = try open()
    var on: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, 4)
    var address = loopback(port)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    do throws(SocketError) {
      try check("bind", withGeneric(&address) { bind(descriptor, $0, size) })
      try check("listen", Glibc.listen(descriptor, 1024))
      try check("getsockname", withGeneric(&address) { getsockname(descriptor, $0, &size) })
    } catch {
      close(descriptor)
      throw error
    }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// A connection. A small receive buffer (bytes) lets a slow reader be felt soon.
  static func connect(port: Int, receiveBuffer: Int32?, deadline: Deadline) throws(SocketError) -> Int32 {
    let descriptor = try open()
    if var receiveBuffer { setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, 4) }
    var address = loopback(port)
    let size = socklen_t(MemoryLayout<sockaddr_in>.size)
    do throws(SocketError) {
      if withGeneric(&address, { Glibc.connect(descriptor, $0, size) }) < 0 {
        guard errno == EINPROGRESS else { throw SocketError(call: "connect", code: errno) }
        guard wait(descriptor, for: POLLOUT, deadline.milliseconds()) else {
          throw SocketError(call: "connect", code: ETIMEDOUT)
        }
        var code: Int32 = 0
        var length = socklen_t(4)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &length)
        guard code == 0 else { throw SocketError(call: "connect", code: code) }
      }
    } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  /// The next connection of a listener; nil when there is none now.
  static func accept(_ listener: Int32) -> Int32? {
    var address = sockaddr_storage()
    var length = UInt32(MemoryLayout<sockaddr_storage>.size)
    let descriptor = clinux_accept(listener, &address, &length)
    return descriptor >= 0 ? descriptor : nil
  }

  /// Whether one of `events` (or an error, or the peer's end) has come within `milliseconds`.
  static func wait(_ descriptor: Int32, for events: Int32, _ milliseconds: Int32) -> Bool {
    var entry = pollfd(fd: descriptor, events: Int16(truncatingIfNeeded: events), revents: 0)
    return poll(&entry, 1, milliseconds) > 0
  }

  /// POLLRDHUP, which Glibc's module does not show: the peer has sent its end.
  static let peerEnded: Int32 = 0x2000

  /// Waits up to `milliseconds` and says whether the peer has gone.
  static func hasEnded(_ descriptor: Int32, within milliseconds: Int32) -> Bool {
    wait(descriptor, for: peerEnded, milliseconds)
  }

  /// What can be sent now: the number of bytes, 0 if none.
  static func send(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) throws(SocketError) -> Int {
    let count = bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
    if count >= 0 { return count }
    guard errno == EAGAIN || errno == EINTR else { throw SocketError(call: "send", code: errno) }
    return 0
  }

  /// What is there now, at most `limit` bytes: nil if nothing, empty at the peer's end.
  static func receive(_ descriptor: Int32, atMost limit: Int) throws(SocketError) -> [UInt8]? {
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      let got = recv(descriptor, buffer.baseAddress, limit, Int32(MSG_DONTWAIT))
      if got < 0 { code = errno }
      count = max(0, got)
    }
    if code == 0 { return bytes }
    guard code == EAGAIN || code == EINTR else { throw SocketError(call: "recv", code: code) }
    return nil
  }

  /// Lets close(2) send a reset instead of an orderly end.
  static func resetOnClose(_ descriptor: Int32) {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
  }

  private static func open() throws(SocketError) -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw SocketError(call: "socket", code: errno) }
    return descriptor
  }

  private static func check(_ call: String, _ result: Int32) throws(SocketError) {
    guard result == 0 else { throw SocketError(call: call, code: errno) }
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    return address
  }

  private static func withGeneric<Value>(
    _ address: inout sockaddr_in, _ body: (UnsafeMutablePointer<sockaddr>) -> Value
  ) -> Value {
    withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
    }
  }
}
