import EventLoop
import Glibc
import Synchronization
import Testing

@testable import HTTP

/// Bodies that are made while they are written.
@Suite struct PulledBodyTests {
  /// Gives its pieces one after the other, and notes when it is let go of.
  private final class Source: Sendable {
    let asked = Tally()
    private let pieces: [[UInt8]]
    private let fails: Bool
    private let released: Tally

    init(_ pieces: [[UInt8]], fails: Bool = false, released: Tally = Tally()) {
      (self.pieces, self.fails, self.released) = (pieces, fails, released)
    }

    deinit { released.add() }

    func next() async throws -> [UInt8] {
      let number = asked.add()
      await Task.yield()
      if number < pieces.count { return pieces[number] }
      if fails { throw Failed() }
      return []
    }

    func body(_ length: Int?) -> PulledBody { PulledBody(length: length) { try await self.next() } }
  }

  private struct Failed: Error {}

  private func router(_ length: Int?, _ make: @escaping @Sendable () -> Source) -> Router {
    var router = echoRouter()
    router.add(.get, "/pulled") { _, _ in HTTPResponse(body: .pulled(make().body(length))) }
    return router
  }

  private let pieces = [Array("one,".utf8), Array("two,".utf8), Array("three".utf8)]

  @Test(arguments: [13, nil]) func theConnectionGoesOn(length: Int?) async throws {
    try await withServer(router(length) { [pieces] in Source(pieces) }) { server in
      let client = try RawClient(port: server.boundPort)
      for _ in 0..<3 {
        try client.get("/pulled")
        let answer = try client.readResponse()
        #expect(answer.status == 200 && answer.text == "one,two,three")
        #expect(answer["content-length"] == length.map { String($0) })
        #expect(answer["transfer-encoding"] == (length == nil ? "chunked" : nil))
      }
      try client.request("HEAD", "/pulled")
      #expect(try client.readResponse(toHead: true)["content-length"] == length.map { String($0) })
      try client.get("/echo/next")
      #expect(try client.readResponse().text == "next")
    }
  }

  @Test func anEmptyBodyIsAskedForOnceAtMost() async throws {
    for (length, asked) in [(0, 0), (nil, 1)] as [(Int?, Int)] {
      let source = Source([])
      try await withServer(router(length) { source }) { server in
        let client = try RawClient(port: server.boundPort)
        try client.get("/pulled")
        #expect(try client.readResponse().text == "")
      }
      #expect(source.asked.count == asked)
    }
  }

  @Test func anOldClientReadsToTheEndOfTheConnection() async throws {
    try await withServer(router(nil) { [pieces] in Source(pieces) }) { server in
      let client = try RawClient(port: server.boundPort)
      try client.send("GET /pulled HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let text = String(decoding: try client.readToEnd(), as: UTF8.self)
      #expect(text.hasSuffix("\r\n\r\none,two,three") && text.contains("Connection: close"))
    }
  }

  @Test(arguments: [(20, false), (5, false), (13, true), (nil, true)] as [(Int?, Bool)])
  func whatIsCutShortEndsTheConnection(length: Int?, fails: Bool) async throws {
    let errors = Tally()
    let hooks = HTTPServerHooks(onError: { _, _ in errors.add() })
    let pieces = fails ? Array(pieces.prefix(2)) : pieces
    try await withServer(router(length) { Source(pieces, fails: fails) }, hooks: hooks) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/pulled")
      let text = String(decoding: try client.readToEnd(), as: UTF8.self)
      #expect(text.contains("one,") && !text.hasSuffix("0\r\n\r\n"))
      #expect(eventually { errors.count == 1 })
    }
  }

  @Test func aClientThatDoesNotReadIsNotReadAheadFor() async throws {
    let released = Tally()
    let pieces = [[UInt8]](repeating: [UInt8](repeating: 1, count: 1 << 20), count: 4_096)
    let source = Mutex<Source?>(Source(pieces, released: released))
    let asked = source.withLock { $0?.asked } ?? Tally()
    var router = echoRouter()
    router.add(.get, "/pulled") { _, _ in
      let body = source.withLock { source in
        defer { source = nil }
        return source?.body(nil)
      }
      return HTTPResponse(body: body.map { .pulled($0) } ?? .empty)
    }
    try await withServer(router) { server in
      let client = try RawClient(port: server.boundPort, receiveBuffer: 65_536)
      try client.get("/pulled")
      _ = try client.readHead()
      var last = -1
      // Until no more is asked for: what the sockets take of 4 GiB.
      #expect(
        eventually {
          let count = asked.count
          defer { last = count }
          usleep(50_000)
          return count > 0 && count == last
        })
      #expect(asked.count < 64)
      client.reset()
      #expect(eventually { released.count == 1 })
    }
  }
}
