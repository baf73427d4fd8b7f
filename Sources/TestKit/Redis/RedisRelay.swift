internal import Glibc
internal import Synchronization

/// Stands between clients and a Redis, and lets single commands go wrong. Blocking commands pass; subscriptions do not.
package final class RedisRelay: Sendable {
  package enum Fault: Sendable {
    /// Redis never gets the command; this error is its answer (`ERR …`, `LOADING …`).
    case refused(String)
    /// Redis does it, and the connection ends in place of the answer.
    case lost
  }

  /// Its words decide what becomes of a command; nil: it passes. Called on the relay's thread.
  package typealias Judge = @Sendable ([String]) -> Fault?

  package let port: Int
  private let listener: Int32
  private let target: Int
  private let judge: Judge
  private let isStopped = Mutex(false)

  fileprivate init(to target: Int, _ judge: @escaping Judge) throws {
    (listener, port) = try Socket.listen(port: 0)
    (self.target, self.judge) = (target, judge)
    startThread { [self] in run() }
  }

  fileprivate func stop() { isStopped.withLock { $0 = true } }

  private func run() {
    var links: [RedisLink] = []
    while !isStopped.withLock({ $0 }) {
      let ends = links.flatMap { [$0.client, $0.server] }
      var polls = ([listener] + ends).map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
      guard poll(&polls, nfds_t(polls.count), 20) > 0 else { continue }
      for (index, link) in links.enumerated() {
        if polls[1 + 2 * index].revents != 0 { links[index].isOpen = links[index].readClient(judge) }
        if polls[2 + 2 * index].revents != 0, links[index].isOpen { links[index].isOpen = links[index].readServer() }
        if !links[index].isOpen { for end in [link.client, link.server] { close(end) } }
      }
      links.removeAll { !$0.isOpen }
      if polls[0].revents != 0, let link = accept() { links.append(link) }
    }
    for end in links.flatMap({ [$0.client, $0.server] }) + [listener] { close(end) }
  }

  private func accept() -> RedisLink? {
    guard let client = Socket.accept(listener) else { return nil }
    guard let server = try? Socket.connect(port: target, receiveBuffer: nil, deadline: Deadline(after: .seconds(1)))
    else {
      close(client)
      return nil
    }
    return RedisLink(client: client, server: server)
  }
}

/// One client's connection. Answers come in the order of the commands.
private struct RedisLink {
  private enum Answer {
    case redis
    case made([UInt8])
    case none
  }

  let client: Int32
  let server: Int32
  var isOpen = true
  private var commands: [UInt8] = []
  private var replies: [UInt8] = []
  private var expected: [Answer] = []

  init(client: Int32, server: Int32) { (self.client, self.server) = (client, server) }

  /// False: the connection is over.
  mutating func readClient(_ judge: RedisRelay.Judge) -> Bool {
    guard Self.receive(client, into: &commands) else { return false }
    var passed: [UInt8] = []
    var place = 0
    while let end = RedisWire.end(commands, from: place) {
      let command = commands[place..<end]
      place = end
      switch judge(RedisWire.words(command)) {
      case .refused(let error): expected.append(.made(Array("-\(error)\r\n".utf8)))
      case .lost:
        expected.append(.none)
        passed += command
      case nil:
        expected.append(.redis)
        passed += command
      }
    }
    commands.removeFirst(place)
    return Self.send(server, passed) && answer()
  }

  mutating func readServer() -> Bool { Self.receive(server, into: &replies) && answer() }

  private mutating func answer() -> Bool {
    var passed: [UInt8] = []
    var place = 0
    loop: while let next = expected.first {
      switch next {
      case .made(let bytes): passed += bytes
      case .redis, .none:
        guard let end = RedisWire.end(replies, from: place) else { break loop }
        if case .none = next {
          _ = Self.send(client, passed)
          return false
        }
        passed += replies[place..<end]
        place = end
      }
      expected.removeFirst()
    }
    replies.removeFirst(place)
    return Self.send(client, passed)
  }

  private static func receive(_ descriptor: Int32, into buffer: inout [UInt8]) -> Bool {
    do throws(SocketError) {
      guard let bytes = try Socket.receive(descriptor, atMost: 65_536) else { return true }
      buffer += bytes
      return !bytes.isEmpty
    } catch {
      return false
    }
  }

  private static func send(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
    var rest = bytes[...]
    while !rest.isEmpty {
      guard let count = try? Socket.send(descriptor, rest) else { return false }
      rest = rest.dropFirst(count)
      if count == 0, !Socket.wait(descriptor, for: POLLOUT, 1_000) { return false }
    }
    return true
  }
}

extension Fixture {
  /// A relay to a Redis, which goes with the fixture.
  package func redisRelay(to port: Int, _ judge: @escaping RedisRelay.Judge) throws -> RedisRelay {
    let relay = try RedisRelay(to: port, judge)
    addTeardown { relay.stop() }
    return relay
  }
}
