import Glibc
import Synchronization

/// A real connection: what is written to `sending` (non-blocking) comes out of `receiving`.
struct Wire: Sendable {
  enum Kind: CaseIterable, Sendable { case pair, tcp }

  struct Failure: Error { let call: String }

  let sending: Int32
  let receiving: Int32

  /// `buffer`: bytes that either end's buffer may hold, about; nil for the system's default.
  init(_ kind: Kind, buffer: Int32? = nil) throws(Failure) {
    let ends = try kind == .pair ? Self.pair() : Self.connection(buffer)
    (sending, receiving) = ends
    for end in [ends.0, ends.1] {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      if var buffer {
        setsockopt(end, SOL_SOCKET, SO_SNDBUF, &buffer, 4)
        setsockopt(end, SOL_SOCKET, SO_RCVBUF, &buffer, 4)
      }
    }
  }

  /// Writes until it takes no more. Answers how many bytes that were.
  func fill() -> Int {
    let bytes = [UInt8](repeating: 0xEE, count: 4_096)
    var total = 0
    while true {
      let count = send(sending, bytes, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
      guard count > 0 else { return total }
      total += count
    }
  }

  private static func pair() throws(Failure) -> (Int32, Int32) {
    var ends: [Int32] = [-1, -1]
    guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0 else { throw Failure(call: "socketpair") }
    return (ends[0], ends[1])
  }

  /// The receive window is settled with the connection, so its buffer comes before.
  private static func connection(_ buffer: Int32?) throws(Failure) -> (Int32, Int32) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    if var buffer { setsockopt(client, SOL_SOCKET, SO_RCVBUF, &buffer, 4) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let isConnected = withUnsafeMutablePointer(to: &address) { address in
      address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        bind(listener, address, size) == 0 && listen(listener, 1) == 0
          && getsockname(listener, address, &size) == 0 && connect(client, address, size) == 0
      }
    }
    let server = isConnected ? accept(listener, nil, nil) : -1
    guard server >= 0 else {
      close(client)
      throw Failure(call: "connect")
    }
    return (server, client)
  }
}
