import Foundation
import Glibc

/// The mark to measure against: `write` of 64 KiB pieces to every socket, paced to the bit rate, and nothing else.
struct RawRole {
  private static let piece = 65_536
  private let bitsPerSecond: Int
  private let clients: Int

  init(_ options: BenchOptions) {
    bitsPerSecond = options.number("rate", 8_000_000)
    clients = options.number("clients", 1)
  }

  func run() throws {
    signal(SIGPIPE, SIG_IGN)
    let (listener, port) = try LoopbackSocket.listen()
    LoopbackSocket.announce(port)
    let bytes = [UInt8](repeating: 0x47, count: Self.piece)
    let period = Duration.seconds(Double(Self.piece * 8) / Double(bitsPerSecond))
    while true {
      var sockets: [Int32] = []
      while sockets.count < clients { sockets.append(accept(listener, nil, nil)) }
      var request = [UInt8](repeating: 0, count: 4096)
      for socket in sockets {
        _ = read(socket, &request, request.count)
        _ = LoopbackSocket.writeAll(socket, Array("HTTP/1.1 200 OK\r\n\r\n".utf8)[...])
      }
      serve(&sockets, bytes, period)
    }
  }

  private func serve(_ sockets: inout [Int32], _ bytes: [UInt8], _ period: Duration) {
    var next = ContinuousClock.now
    while !sockets.isEmpty {
      sockets.removeAll { socket in
        let isGone = !LoopbackSocket.writeAll(socket, bytes[...])
        if isGone { close(socket) }
        return isGone
      }
      next += period
      let rest = ContinuousClock.now.duration(to: next)
      if rest > .zero { usleep(UInt32(rest / .microseconds(1))) }
    }
  }
}
