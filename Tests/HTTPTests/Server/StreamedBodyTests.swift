import EventLoop
import Glibc
import Synchronization
import Testing

@testable import HTTP

/// Bodies that their handlers read while they come.
@Suite struct StreamedBodyTests {
  /// What a handler of a test has seen.
  private final class Seen: Sendable {
    let bytes = Tally()
    let largest = Mutex(0)
    let error = Mutex<RequestBodyError?>(nil)
    /// Lets `/gated` read on.
    let gate = Tally()
  }

  private func router(_ seen: Seen, limit: Int = 64 << 20) -> Router {
    var router = echoRouter()
    router.addStreaming(.post, "/sum", maxBodyBytes: limit) { request, _ in
      #expect(request.body.isEmpty)
      let stream = try #require(request.stream)
      var (count, sum) = (0, 0)
      do {
        while let piece = try await stream.next() {
          count += piece.count
          sum = piece.reduce(sum) { ($0 * 31 + Int($1)) % 1_000_003 }
          seen.largest.withLock { $0 = max($0, piece.count) }
          seen.bytes.add()
        }
      } catch let error as RequestBodyError {
        seen.error.withLock { $0 = error }
        throw error
      }
      return HTTPResponse(contentType: "text/plain", "\(count) \(sum)")
    }
    router.addStreaming(.post, "/gated", maxBodyBytes: limit) { request, _ in
      let stream = try #require(request.stream)
      while seen.gate.count == 0 { try await Task.sleep(for: .milliseconds(2)) }
      var count = 0
      while let piece = try await stream.next() { count += piece.count }
      return HTTPResponse(contentType: "text/plain", "\(count)")
    }
    router.addStreaming(.post, "/refused", maxBodyBytes: limit) { _, _ in
      throw Problem(.unauthorized, code: "no", detail: "No")
    }
    return router
  }

  private func body(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) } }

  private func answer(_ body: [UInt8]) -> String {
    "\(body.count) \(body.reduce(0) { ($0 * 31 + Int($1)) % 1_000_003 })"
  }

  private func head(_ target: String, _ fields: String...) -> String {
    (["POST \(target) HTTP/1.1", "Host: a"] + fields).joined(separator: "\r\n") + "\r\n\r\n"
  }

  @Test(arguments: [0, 1, 1000, 65_536, 3_000_000]) func theHandlerGetsItAllWhateverTheFraming(count: Int) async throws
  {
    let seen = Seen()
    let body = body(count)
    let expected = answer(body)
    try await withServer(router(seen)) { server in
      let client = try RawClient(port: server.boundPort)
      try client.send(head("/sum", "Content-Length: \(count)"))
      try client.send(body)
      #expect(try client.readResponse().text == expected)
      // The connection goes on.
      try client.send(head("/sum", "Transfer-Encoding: chunked"))
      for start in stride(from: 0, to: count, by: 100_000) {
        let piece = body[start..<min(start + 100_000, count)]
        try client.send(String(piece.count, radix: 16) + "\r\n")
        try client.send(piece + Array("\r\n".utf8))
      }
      try client.send("0\r\n\r\nGET /echo/next HTTP/1.1\r\nHost: a\r\n\r\n")
      #expect(try client.readResponse().text == expected)
      #expect(try client.readResponse().text == "next")
    }
    #expect(seen.largest.withLock { $0 } <= BodyStream.window)
  }

  @Test func otherRoutesKeepTheirWholeBodiesAndTheirLimit() async throws {
    try await withServer(router(Seen())) {
      $0.maxBodyBytes = 100
    } body: { server in
      let client = try RawClient(port: server.boundPort)
      try client.request("POST", "/echo", ["Content-Length: 3"], body: "abc")
      #expect(try client.readResponse().text == "abc")
      try client.request("POST", "/sum", ["Content-Length: 101"], body: String(repeating: "x", count: 101))
      #expect(try client.readResponse().text.hasPrefix("101 "))
      try client.request("POST", "/echo", ["Content-Length: 101"], body: String(repeating: "x", count: 101))
      #expect(try client.readResponse().status == 413)
      #expect(try client.isAtEnd())
    }
  }

  @Test func aClientIsHeldBackWhileNobodyReads() async throws {
    let seen = Seen()
    let size = 64 << 20
    try await withServer(router(seen)) { server in
      let client = try RawClient(port: server.boundPort)
      var small = Int32(65_536)
      setsockopt(client.descriptor, SOL_SOCKET, SO_SNDBUF, &small, socklen_t(MemoryLayout<Int32>.size))
      try client.send(head("/gated", "Content-Length: \(size)"))
      let piece = [UInt8](repeating: 1, count: 65_536)
      var sent = 0
      var isHeld = false
      while !isHeld, sent < size {
        let count = send(client.descriptor, piece, piece.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
        if count > 0 { sent += count }
        if count < 0 {
          // A full buffer may be on its way to the other side.
          usleep(100_000)
          isHeld = send(client.descriptor, piece, 1, Int32(MSG_NOSIGNAL | MSG_DONTWAIT)) < 0
          if !isHeld { sent += 1 }
        }
      }
      #expect(isHeld, "all was taken")
      // What is between the two is the kernel's.
      #expect(sent < 16 << 20, "\(sent) bytes were taken")
      seen.gate.add()
      while sent < size {
        let part = Array(piece.prefix(size - sent))
        try client.send(part)
        sent += part.count
      }
      #expect(try client.readResponse().text == "\(size)")
    }
  }

  @Test func anEarlyAnswerReachesAClientThatSendsOn() async throws {
    try await withServer(router(Seen())) { server in
      for field in ["Content-Length: 4000000", "Transfer-Encoding: chunked"] {
        let client = try RawClient(port: server.boundPort)
        try client.send(head("/refused", field))
        let response = try client.readResponse()
        #expect(response.status == 401 && response["connection"] == "close")
        // It has not looked yet: no reset takes the answer from it.
        for _ in 0..<20 { try? client.send([UInt8](repeating: 0x41, count: 10_000)) }
        #expect(try client.isAtEnd())
      }
      // One whose body came with the head is not closed.
      let client = try RawClient(port: server.boundPort)
      try client.send(head("/refused", "Content-Length: 3") + "abc")
      #expect(try client.readResponse().status == 401)
      try client.get("/echo/next")
      #expect(try client.readResponse().text == "next")
    }
  }

  @Test func a100ComesWhenTheHandlerReadsAndNotBefore() async throws {
    try await withServer(router(Seen())) { server in
      let client = try RawClient(port: server.boundPort)
      try client.send(head("/sum", "Content-Length: 3", "Expect: 100-continue"))
      #expect(try client.readResponse().status == 100)
      try client.send("abc")
      #expect(try client.readResponse().text.hasPrefix("3 "))
      try client.send(head("/refused", "Content-Length: 3", "Expect: 100-continue"))
      let refused = try client.readResponse()
      #expect(refused.status == 401 && refused["connection"] == "close")
      #expect(try client.isAtEnd())
    }
  }

  @Test func aBodyOverTheLimitOfItsRouteIsRefused() async throws {
    let seen = Seen()
    try await withServer(router(seen, limit: 200_000)) { server in
      let sized = try RawClient(port: server.boundPort)
      try sized.send(head("/sum", "Content-Length: 200001", "Expect: 100-continue"))
      let refused = try sized.readResponse()
      #expect(refused.status == 413 && refused.text.contains("Request body too large"))
      #expect(refused["connection"] == "close" && seen.bytes.count == 0)
      // The handler learns of it as of a body that turns out to be too large, and may count it.
      #expect(seen.error.withLock { $0 } == .refused(.bodyTooLarge))
      seen.error.withLock { $0 = nil }
      let exact = try RawClient(port: server.boundPort)
      try exact.send(head("/sum", "Content-Length: 200000"))
      try exact.send(body(200_000))
      #expect(try exact.readResponse().status == 200)
      let chunked = try RawClient(port: server.boundPort)
      try chunked.send(head("/sum", "Transfer-Encoding: chunked"))
      try? chunked.send("30D41\r\n")
      try? chunked.send(body(200_001))
      let response = try chunked.readResponse()
      #expect(response.status == 413 && response["connection"] == "close")
      #expect(seen.error.withLock { $0 } == .refused(.bodyTooLarge))
    }
  }

  @Test func aMalformedChunkEndsTheBodyWithAnError() async throws {
    let seen = Seen()
    try await withServer(router(seen)) { server in
      let client = try RawClient(port: server.boundPort)
      try client.send(head("/sum", "Transfer-Encoding: chunked") + "3\r\nabc\r\nno")
      #expect(try client.readResponse().status == 400)
      guard case .refused = seen.error.withLock({ $0 }) else {
        Issue.record("the handler was not told")
        return
      }
    }
  }

  @Test func aClientThatLeavesIsAnErrorForTheHandler() async throws {
    for leave in [{ $0.close() }, { $0.reset() }, { $0.shutdownWrite() }] as [@Sendable (RawClient) -> Void] {
      let seen = Seen()
      try await withServer(router(seen)) { server in
        let client = try RawClient(port: server.boundPort)
        try client.send(head("/sum", "Content-Length: 10") + "abc")
        #expect(eventually { seen.bytes.count > 0 })
        leave(client)
        #expect(eventually { seen.error.withLock { $0 } == .gone })
        #expect(eventually { server.metrics.connectionsOpen.load(ordering: .relaxed) == 0 })
      }
    }
  }

  @Test func aBodyThatComesTooSlowlyIsA408() async throws {
    let seen = Seen()
    try await withServer(router(seen)) {
      $0.bodyTimeout = .milliseconds(300)
    } body: { server in
      let client = try RawClient(port: server.boundPort)
      try client.send(head("/sum", "Content-Length: 1000"))
      let began = ContinuousClock.now
      while ContinuousClock.now - began < .milliseconds(250) {
        try client.send("x")
        usleep(20_000)
      }
      let response = try client.readResponse()
      #expect(response.status == 408 && response["connection"] == "close")
      #expect(server.metrics.timeoutsTotal.load(ordering: .relaxed) == 1)
      guard case .refused = seen.error.withLock({ $0 }) else {
        Issue.record("the handler was not told")
        return
      }
    }
  }

  @Test func theEndOfTheServerEndsTheBody() async throws {
    let seen = Seen()
    try await withServer(router(seen)) { server in
      let client = try RawClient(port: server.boundPort)
      try client.send(head("/sum", "Content-Length: 10") + "abc")
      #expect(eventually { seen.bytes.count > 0 })
    }
    #expect(eventually { seen.error.withLock { $0 } == .gone })
  }
}
