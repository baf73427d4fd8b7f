internal import Glibc
internal import Synchronization

/// Passes the bytes of TCP connections on to another port of 127.0.0.1, until it is cut: then the peers stay connected and
/// hear nothing of each other, as in a network that drops everything.
package final class TCPRelay: Sendable {
  private struct Pair {
    let ends: [Int32]
    var isOpen = true
  }

  package let port: Int
  private let listener: Int32
  private let target: Int
  private let isCut = Mutex(false)
  private let isStopped = Mutex(false)

  fileprivate init(to target: Int) throws {
    (listener, port) = try Socket.listen(port: 0)
    self.target = target
    startThread { [self] in run() }
  }

  /// Nothing is passed on any more.
  package func cut() { isCut.withLock { $0 = true } }

  /// All goes on, with what was sent meanwhile.
  package func heal() { isCut.withLock { $0 = false } }

  fileprivate func stop() { isStopped.withLock { $0 = true } }

  private func run() {
    var pairs: [Pair] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while !isStopped.withLock({ $0 }) {
      guard !isCut.withLock({ $0 }) else {
        usleep(10_000)
        continue
      }
      let ends = pairs.flatMap(\.ends)
      var polls = ([listener] + ends).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard poll(&polls, nfds_t(polls.count), 20) > 0 else { continue }
      for (index, entry) in polls.dropFirst().enumerated() where entry.revents != 0 && pairs[index / 2].isOpen {
        pairs[index / 2].isOpen = pass(from: ends[index], to: ends[index ^ 1], &buffer)
      }
      for pair in pairs where !pair.isOpen { for end in pair.ends { close(end) } }
      pairs.removeAll { !$0.isOpen }
      if polls[0].revents != 0, let pair = accept() { pairs.append(pair) }
    }
    for end in pairs.flatMap(\.ends) + [listener] { close(end) }
  }

  private func accept() -> Pair? {
    let client = Glibc.accept(listener, nil, nil)
    guard client >= 0 else { return nil }
    guard let server = try? Socket.connect(port: target, receiveBuffer: nil, deadline: Deadline(after: .seconds(1)))
    else {
      close(client)
      return nil
    }
    return Pair(ends: [client, server])
  }

  /// False: the connection is over.
  private func pass(from: Int32, to: Int32, _ buffer: inout [UInt8]) -> Bool {
    let count = read(from, &buffer, buffer.count)
    if count < 0 { return errno == EAGAIN || errno == EINTR }
    guard count > 0 else { return false }
    var sent = 0
    while sent < count {
      let step = buffer[sent..<count].withUnsafeBytes { send(to, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      if step > 0 {
        sent += step
      } else {
        guard errno == EAGAIN || errno == EINTR else { return false }
        var poll = pollfd(fd: to, events: Int16(POLLOUT), revents: 0)
        guard Glibc.poll(&poll, 1, 1000) > 0 else { return false }
      }
    }
    return true
  }
}

extension Fixture {
  /// A relay to a port, which goes with the fixture.
  package func relay(to port: Int) throws -> TCPRelay {
    let relay = try TCPRelay(to: port)
    addTeardown { relay.stop() }
    return relay
  }
}
