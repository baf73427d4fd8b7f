import EventLoop
import Glibc
import Synchronization
import Testing

@testable import HTTP

/// Sockets given away.
@Suite struct LiveBodyTests {
  /// What a taker has, for the test to steer. Everything happens on the socket's loop.
  private final class Taker: Sendable {
    private let socket = Mutex<LoopBound<TakenSocket>?>(nil)
    let taken = Tally()
    let abandoned = Tally()
    let closed = Tally()

    func router() -> Router {
      var router = echoRouter()
      router.add(.get, "/live", kind: .media) { _, _ in
        let body = LiveBody(
          abandoned: { self.abandoned.add() },
          take: { socket in
            #expect(socket.loop.isCurrent)
            socket.onClose = { self.closed.add() }
            self.socket.withLock { $0 = LoopBound(socket, loop: socket.loop) }
            self.taken.add()
          })
        return HTTPResponse(headers: ["Content-Type": "video/mp2t"], body: .live(body))
      }
      return router
    }

    func onLoop(_ body: @escaping @Sendable (TakenSocket) -> Void) {
      #expect(eventually { taken.count > 0 })
      let bound = socket.withLock { $0 }
      bound?.loop.execute { if let socket = bound?.value { body(socket) } }
    }

    func forget() { socket.withLock { $0 = nil } }

    func write(_ text: String) {
      onLoop { socket in
        let bytes = Array(text.utf8)
        #expect(send(socket.descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
      }
    }
  }

  @Test func theTakerWritesTheChunks() async throws {
    let taker = Taker()
    try await withServer(taker.router()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/live")
      let head = try client.readHead()
      #expect(head.status == 200 && head["transfer-encoding"] == "chunked" && head["connection"] == "close")
      #expect(head["content-type"] == "video/mp2t" && head["content-length"] == nil)
      #expect(head["access-control-allow-methods"] == "GET, HEAD, OPTIONS")
      taker.write("5\r\nhello\r\n")
      #expect(try client.readChunk() == Array("hello".utf8))
      #expect(server.metrics.connectionsTaken.load(ordering: .relaxed) == 1)
      #expect(server.metrics.connectionsOpen.load(ordering: .relaxed) == 1)
      taker.write("0\r\n\r\n")
      taker.onLoop { socket in
        #expect(socket.isChunked)
        socket.close()
        #expect(socket.isClosed && socket.descriptor == -1)
        socket.close()
      }
      #expect(try client.readChunk() == nil)
      #expect(try client.isAtEnd())
      #expect(eventually { server.metrics.connectionsOpen.load(ordering: .relaxed) == 0 })
      #expect(taker.closed.count == 0 && taker.abandoned.count == 0)
      taker.onLoop { _ in taker.forget() }
    }
  }

  @Test func theOldProtocolHasNoChunks() async throws {
    let taker = Taker()
    try await withServer(taker.router()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.send("GET /live HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let head = try client.readHead()
      #expect(head["transfer-encoding"] == nil && head["connection"] == "close")
      taker.write("hello")
      taker.onLoop { socket in
        #expect(!socket.isChunked)
        socket.close()
        taker.forget()
      }
      #expect(try client.readToEnd() == Array("hello".utf8))
    }
  }

  @Test(arguments: [0, 1, 2]) func theTakerHearsOnceThatThePeerHasGone(how: Int) async throws {
    let taker = Taker()
    try await withServer(taker.router()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/live")
      _ = try client.readHead()
      taker.write("1\r\nx\r\n")
      #expect(try client.readChunk() == [0x78])
      // What the client says meanwhile is read over.
      try client.get("/echo/ignored")
      switch how {
      case 0: client.close()
      case 1: client.reset()
      default: client.shutdownWrite()
      }
      #expect(eventually { taker.closed.count == 1 })
      #expect(eventually { server.metrics.connectionsOpen.load(ordering: .relaxed) == 0 })
      taker.onLoop { socket in
        #expect(socket.isClosed)
        taker.forget()
      }
      #expect(server.metrics.requestsTotal.load(ordering: .relaxed) == 1)
    }
    #expect(taker.closed.count == 1)
  }

  @Test func aFloodFromTheClientIsReadSlowly() async throws {
    let taker = Taker()
    try await withServer(taker.router()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/live")
      _ = try client.readHead()
      let flood = [UInt8](repeating: 0x78, count: 65_536)
      var (sent, isBlocked) = (0, false)
      while !isBlocked, sent < 64 << 20 {
        let count = send(client.descriptor, flood, flood.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        isBlocked = count < 0
        sent += max(0, count)
      }
      #expect(isBlocked)
      client.reset()
      #expect(eventually { taker.closed.count == 1 })
      taker.onLoop { _ in taker.forget() }
    }
  }

  @Test func anAbortIsAReset() async throws {
    let taker = Taker()
    try await withServer(taker.router()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/live")
      _ = try client.readHead()
      taker.onLoop { socket in
        socket.abort()
        taker.forget()
      }
      #expect(throws: RawClient.Failure.reset) { try client.isAtEnd() }
    }
  }

  @Test func theStopOfTheServerIsHeardAndCloses() async throws {
    let taker = Taker()
    try await withServer(taker.router()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/live")
      _ = try client.readHead()
      server.beginDrain()
      taker.write("1\r\nx\r\n")
      #expect(try client.readChunk() == [0x78])
      let stopped = Tally()
      Task {
        await server.stop()
        stopped.add()
      }
      #expect(try client.isAtEnd())
      #expect(eventually { stopped.count > 0 })
      #expect(taker.closed.count == 1)
      taker.onLoop { socket in
        #expect(socket.isClosed)
        taker.forget()
      }
    }
    #expect(taker.closed.count == 1)
  }

  @Test func aHeadTakesNothing() async throws {
    let taker = Taker()
    try await withServer(taker.router()) { server in
      let client = try RawClient(port: server.boundPort)
      try client.request("HEAD", "/live")
      let head = try client.readResponse(toHead: true)
      #expect(head.status == 200 && head["content-type"] == "video/mp2t" && head["content-length"] == nil)
      try client.get("/echo/next")
      #expect(try client.readResponse().text == "next")
      #expect(taker.taken.count == 0 && taker.abandoned.count == 1)
    }
  }

  @Test func oneThatComesTooLateIsAbandoned() async throws {
    let abandoned = Tally()
    let started = Tally()
    var router = Router()
    router.add(.get, "/late") { _, _ in
      started.add()
      // Does not mind being cancelled.
      try? await Task.sleep(for: .seconds(60))
      return HTTPResponse(
        body: .live(
          LiveBody(
            abandoned: { abandoned.add() },
            take: { socket in
              // The half-closed client gets its head; then its end is seen.
              socket.onClose = { abandoned.add() }
            })))
    }
    try await withServer(router) { server in
      for number in 0..<10 {
        let client = try RawClient(port: server.boundPort)
        try client.get("/late")
        #expect(eventually { started.count == number + 1 })
        number % 2 == 0 ? client.reset() : client.close()
        #expect(eventually { abandoned.count == number + 1 })
      }
    }
    #expect(abandoned.count == 10)
  }
}
