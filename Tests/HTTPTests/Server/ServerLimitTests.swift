import EventLoop
import Glibc
import Synchronization
import Testing

@testable import HTTP

/// What a client may ask of a server.
@Suite struct ServerLimitTests {
  @Test func theHeadMayHaveItsLimitAndNotAByteMore() async throws {
    try await withServer(echoRouter()) {
      $0.maxHeaderBytes = 4096
    } body: { server in
      for (excess, status) in [(0, 200), (1, 431), (100_000, 431)] {
        let client = try RawClient(port: server.boundPort)
        let start = "GET /echo/x HTTP/1.1\r\nHost: a\r\nX: "
        let filler = String(repeating: "y", count: 4096 + excess - start.utf8.count - 4)
        try client.send(start + filler + "\r\n\r\n")
        let response = try client.readResponse()
        #expect(response.status == status)
        if status == 431 { #expect(response.text.contains(#""detail":"Request header too large""#)) }
      }
    }
  }

  @Test func theBodyMayHaveItsLimitAndNotAByteMore() async throws {
    try await withServer(echoRouter()) {
      $0.maxBodyBytes = 100_000
    } body: { server in
      for (count, status) in [(100_000, 200), (100_001, 413), (3_000_000, 413)] {
        let body = String(repeating: "z", count: count)
        let sized = try RawClient(port: server.boundPort)
        try sized.request("POST", "/echo", ["Content-Length: \(count)"], body: body)
        let chunked = try RawClient(port: server.boundPort)
        let chunk = String(count, radix: 16) + "\r\n" + body + "\r\n0\r\n\r\n"
        try chunked.request("POST", "/echo", ["Transfer-Encoding: chunked"], body: chunk)
        for client in [sized, chunked] {
          let response = try client.readResponse()
          #expect(response.status == status)
          if status == 200 { #expect(response.body.count == count) }
          if status == 413 { #expect(response.text.contains(#""detail":"Request body too large""#)) }
        }
      }
    }
  }

  @Test func aDribbledHeadIsClosedAtItsDeadline() async throws {
    try await withServer(echoRouter()) {
      $0.headerTimeout = .milliseconds(300)
    } body: { server in
      let client = try RawClient(port: server.boundPort)
      let began = ContinuousClock.now
      try client.send("GET /echo/x HTTP/1.1\r\n")
      let isClosed = eventually {
        usleep(20_000)
        do { try client.send("X: y\r\n") } catch { return true }
        return false
      }
      let duration = ContinuousClock.now - began
      #expect(isClosed && duration >= .milliseconds(300) && duration < .seconds(3))
      #expect(server.metrics.timeoutsTotal.load(ordering: .relaxed) == 1)
    }
  }

  @Test func oneThatSaysNothingIsClosedToo() async throws {
    try await withServer(echoRouter()) {
      $0.headerTimeout = .milliseconds(100)
    } body: { server in
      let client = try RawClient(port: server.boundPort)
      #expect(try client.isAtEnd())
    }
  }

  @Test func anIdleConnectionIsClosedAndABusyOneIsNot() async throws {
    try await withServer(echoRouter()) {
      $0.idleTimeout = .milliseconds(200)
    } body: { server in
      let client = try RawClient(port: server.boundPort)
      try client.get("/echo/x")
      #expect(try client.readResponse().text == "x")
      let began = ContinuousClock.now
      #expect(try client.isAtEnd())
      #expect(ContinuousClock.now - began >= .milliseconds(150))
    }
  }

  @Test func aBodyThatDoesNotComeIs408() async throws {
    try await withServer(echoRouter()) {
      $0.bodyTimeout = .milliseconds(100)
    } body: { server in
      let client = try RawClient(port: server.boundPort)
      try client.request("POST", "/echo", ["Content-Length: 5"], body: "1234")
      #expect(try client.readResponse().status == 408)
      #expect(try client.isAtEnd())
    }
  }

  @Test func connectionsAreLimitedOverAllLoops() async throws {
    try await withServer(echoRouter(), loopCount: 3) {
      $0.maxConnections = 5
    } body: { server in
      try checkLimit(server, of: 5, hosts: ["127.0.0.1"], "The worker has MAX_CONNECTIONS=5 connections")
    }
  }

  @Test func connectionsOfAnAddressAreLimited() async throws {
    try await withServer(echoRouter(), host: "::", loopCount: 3) {
      $0.maxConnectionsPerIP = 4
    } body: { server in
      try checkLimit(
        server, of: 4, hosts: ["127.0.0.1", "::1"], "The address has MAX_CONNECTIONS_PER_IP=4 connections")
    }
  }

  private func checkLimit(_ server: HTTPServer, of limit: Int, hosts: [String], _ detail: String) throws {
    var clients: [RawClient] = []
    for host in hosts {
      for _ in 0..<limit {
        let client = try RawClient(port: server.boundPort, host: host)
        try client.get("/echo/in")
        #expect(try client.readResponse().text == "in")
        clients.append(client)
      }
      let refused = try RawClient(port: server.boundPort, host: host)
      try refused.get("/echo/out")
      let response = try refused.readResponse()
      #expect(response.status == 503 && response["retry-after"] == "10" && response["connection"] == "close")
      #expect(response.text.contains(#""code":"limit-connections""#) && response.text.contains(detail))
      #expect(try refused.isAtEnd())
    }
    #expect(server.metrics.refusedTotal.load(ordering: .relaxed) == UInt64(hosts.count))
    for client in clients { client.close() }
    #expect(eventually { server.metrics.connectionsOpen.load(ordering: .relaxed) == 0 })
    let next = try RawClient(port: server.boundPort, host: hosts[0])
    try next.get("/echo/again")
    #expect(try next.readResponse().text == "again")
  }

  @Test func aListenerRestsWhenDescriptorsRunOut() async throws {
    let loop = EventLoop(name: "listener")
    let sockets = try ReservedPort(HTTPServerConfiguration(host: "127.0.0.1", port: 0), count: 1).listen()
    let (calls, pauses, accepts) = (Tally(), Tally(), Tally())
    let listener = Mutex<LoopBound<Listener>?>(nil)
    loop.execute {
      let made = Listener(
        descriptor: sockets[0], loop: loop,
        accepted: { descriptor, _ in
          accepts.add()
          close(descriptor)
        },
        paused: { code in
          #expect(code == EMFILE)
          pauses.add()
        },
        accept: { descriptor in
          let call = calls.add()
          return call < 3 ? (-EMFILE, PeerAddress(text: "", port: 0)) : Sockets.accept(descriptor)
        })
      listener.withLock { $0 = LoopBound(made, loop: loop) }
    }
    let port = Sockets.localPort(sockets[0])
    let result = await onThread {
      Result {
        let began = ContinuousClock.now
        let client = try RawClient(port: port)
        #expect(eventually { accepts.count == 1 })
        #expect(ContinuousClock.now - began >= .milliseconds(300))
        // Three failures, one success, one "nothing more": it did not spin.
        #expect(eventually { calls.count == 5 })
        #expect(pauses.count == 3)
        client.close()
      }
    }
    loop.execute {
      listener.withLock { bound in
        bound?.value.close()
        bound = nil
      }
    }
    loop.stop()
    try result.get()
  }
}
