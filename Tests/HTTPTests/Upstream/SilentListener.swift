import Glibc

/// A listening socket on 127.0.0.1 that accepts only when asked to.
final class SilentListener {
  let port: UInt16
  private let descriptor: Int32
  private var fillers: [Int32] = []

  /// Without a backlog it refuses connections, and keeps its port from others.
  init(backlog: Int32? = 16) {
    descriptor = socket(
      AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    port = withUnsafeMutablePointer(to: &address) { [descriptor] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, length)
        getsockname(descriptor, $0, &length)
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
    if let backlog { listen(descriptor, backlog) }
  }

  /// Connects until the kernel drops further attempts.
  func fillBacklog(_ count: Int = 8) {
    for _ in 0..<count {
      let filler = socket(
        AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      withUnsafePointer(to: address) {
        _ = $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          connect(filler, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
      fillers.append(filler)
    }
  }

  /// Whether somebody has connected.
  var wasReached: Bool {
    let accepted = accept(descriptor, nil, nil)
    guard accepted >= 0 else { return false }
    close(accepted)
    return true
  }

  deinit {
    for filler in fillers { close(filler) }
    close(descriptor)
  }
}
