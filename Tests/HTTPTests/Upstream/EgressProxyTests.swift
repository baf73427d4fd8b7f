import Synchronization
import Testing

@testable import HTTP

@Suite struct EgressProxyTests {
  @Test(arguments: ["/bytes?n=300000", "/close?n=300000", "/chunked?n=0"])
  func forwardsARequest(path: String) async throws {
    let origin = try Origin.shared.get()
    let proxy = try await ProxyFixture()
    defer { proxy.stop() }
    let answer = await proxy.get(origin.url(path))
    #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\n"))
    #expect(answer.contains("\r\nConnection: close\r\n"))
    if path.contains("300000") { #expect(answer.utf8.count > 300_000) }
    #expect(await becomesTrue { proxy.counters.open.load(ordering: .relaxed) == 0 })
    #expect(proxy.counters.openedTotal.load(ordering: .relaxed) == 1)
  }

  @Test func theOriginSeesItsOwnForm() async throws {
    let origin = try Origin()
    defer { withExtendedLifetime(origin) {} }
    let proxy = try await ProxyFixture()
    defer { proxy.stop() }
    let answer = await proxy.exchange(
      "POST \(origin.url("/echo?x")) HTTP/1.1\r\nHost: wrong\r\nProxy-Connection: keep-alive\r\nX-A: 1\r\n"
        + "Content-Length: 4\r\n\r\nbodyGET \(origin.url("/second")) HTTP/1.1\r\n\r\n")
    #expect(answer.contains("POST /echo?x HTTP/1.1\n"))
    #expect(answer.contains("Host: 127.0.0.1:\(origin.port)\n"))
    #expect(answer.contains("X-A: 1"))
    #expect(answer.contains("Connection: close\n"))
    #expect(!answer.contains("Proxy-"))
    #expect(answer.hasSuffix("body"))
    let requests = await proxy.get(origin.url("/requests"))
    #expect(!requests.contains("second"))
  }

  @Test func tunnels() async throws {
    let origin = try Origin.shared.get()
    let proxy = try await ProxyFixture()
    defer { proxy.stop() }
    let answer = await proxy.exchange(
      "CONNECT localhost:\(origin.port) HTTP/1.1\r\nHost: x\r\n\r\nGET /close?n=9 HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(answer.hasPrefix("HTTP/1.1 200 Connection established\r\n\r\nHTTP/1.1 200 OK\r\n"))
    #expect(answer.utf8.suffix(9).elementsEqual(pattern(9)))
  }

  @Test(arguments: ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0"])
  func refusesByTheCheckedAddress(host: String) async throws {
    let trap = SilentListener()
    defer { withExtendedLifetime(trap) {} }
    let proxy = try await ProxyFixture(allow: "")
    defer { proxy.stop() }
    let target = "\(host):\(trap.port)"
    for request in ["GET http://\(target)/ HTTP/1.1\r\n\r\n", "CONNECT \(target) HTTP/1.1\r\n\r\n"] {
      let answer = await proxy.exchange(request)
      #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\r\n"))
      #expect(answer.hasSuffix("\r\n\r\nTarget not allowed: name it in SOURCE_ALLOW\n"))
    }
    #expect(!trap.wasReached)
    #expect(proxy.counters.refusedTotal.load(ordering: .relaxed) == 2)
  }

  @Test func aNameThatChangesIsResolvedOnceOnly() async throws {
    let trap = SilentListener()
    defer { withExtendedLifetime(trap) {} }
    let lookups = Atomic<Int>(0)
    let resolver = AddressResolver(maxThreads: 4, maxWaiting: 4, timeout: .seconds(5)) { _ in
      let isFirst = lookups.add(1, ordering: .relaxed).oldValue == 0
      return .success([.v4(isFirst ? 0x7f00_0002 : 0x7f00_0001)])
    }
    // Nobody listens on 127.0.0.2.
    let proxy = try await ProxyFixture(allow: "127.0.0.2", resolver: resolver)
    defer { proxy.stop() }
    let first = await proxy.get("http://changes.test:\(trap.port)/")
    #expect(first.hasPrefix("HTTP/1.1 502 "))
    #expect(lookups.load(ordering: .relaxed) == 1)
    #expect(await proxy.get("http://changes.test:\(trap.port)/").hasPrefix("HTTP/1.1 403 "))
    #expect(!trap.wasReached)
  }

  @Test func triesEachAllowedAddress() async throws {
    let origin = try Origin.shared.get()
    let resolver = AddressResolver(maxThreads: 4, maxWaiting: 4, timeout: .seconds(5)) { _ in
      .success([.v6(high: 0, low: 1), .v4(0x7f00_0002), .v4(0x7f00_0001)].compactMap { $0 })
    }
    let proxy = try await ProxyFixture(allow: "::1, 127.0.0.1", resolver: resolver)
    defer { proxy.stop() }
    #expect(await proxy.get("http://many.test:\(origin.port)/bytes").hasPrefix("HTTP/1.1 200 OK"))
  }

  @Test func saysWhyThereIsNoConnection() async throws {
    let closed = SilentListener(backlog: nil)
    defer { withExtendedLifetime(closed) {} }
    let full = SilentListener(backlog: 0)
    defer { withExtendedLifetime(full) {} }
    full.fillBacklog()
    let resolver = AddressResolver(maxThreads: 4, maxWaiting: 4, timeout: .seconds(5)) { host in
      .failure(host == "slow.test" ? .timedOut : .notResolved("no such name"))
    }
    let proxy = try await ProxyFixture(resolver: resolver) { $0.connect = .seconds(1) }
    defer { proxy.stop() }
    let refused = await proxy.get("http://127.0.0.1:\(closed.port)/")
    #expect(refused.hasPrefix("HTTP/1.1 502 "))
    #expect(refused.hasSuffix("Target not reachable: connection refused\n"))
    #expect(await proxy.get("http://127.0.0.1:\(full.port)/").hasPrefix("HTTP/1.1 504 "))
    #expect(await proxy.get("http://none.test/").hasSuffix("Target not reachable: no such name\n"))
    #expect(await proxy.get("http://slow.test/").hasPrefix("HTTP/1.1 504 "))
    #expect(await proxy.exchange("GET /x HTTP/1.1\r\n\r\n").hasPrefix("HTTP/1.1 400 "))
    let large = "POST http://127.0.0.1:\(closed.port)/ HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n"
    #expect(await proxy.exchange(large).hasPrefix("HTTP/1.1 413 "))
    let longHead = "GET http://h/ HTTP/1.1\r\nA: " + String(repeating: "a", count: 90_000)
    #expect(await proxy.exchange(longHead).hasPrefix("HTTP/1.1 431 "))
    #expect(await becomesTrue { proxy.counters.open.load(ordering: .relaxed) == 0 })
  }

  @Test func aSlowResolverDoesNotHoldTheConnectionForEver() async throws {
    let gate = SilentGate()
    let resolver = AddressResolver(maxThreads: 1, maxWaiting: 1, timeout: .seconds(5)) { _ in
      gate.wait()
      return .success([.v4(0x7f00_0001)])
    }
    let proxy = try await ProxyFixture(resolver: resolver) { $0.connect = .milliseconds(100) }
    #expect(await proxy.get("http://a.test/").hasPrefix("HTTP/1.1 504 "))
    gate.open()
    proxy.stop()
  }

  @Test func aHeadHasItsDeadline() async throws {
    let proxy = try await ProxyFixture { $0.head = .milliseconds(200) }
    defer { proxy.stop() }
    #expect(await proxy.exchange("GET http://h/ HT") == "")
    #expect(await proxy.exchange("") == "")
  }

  @Test func silenceEndsAConnection() async throws {
    let origin = try Origin.shared.get()
    let proxy = try await ProxyFixture { $0.idle = .milliseconds(1500) }
    defer { proxy.stop() }
    #expect(await proxy.get(origin.url("/silent")) == "")
    #expect(await proxy.get(origin.url("/drip")).hasSuffix(String(repeating: "x", count: 20)))
  }

  @Test func thereIsACapOnConnections() async throws {
    let origin = try Origin.shared.get()
    let proxy = try await ProxyFixture { $0.connections = 2 }
    defer { proxy.stop() }
    let held = [RawProxyClient(port: proxy.port), RawProxyClient(port: proxy.port)]
    #expect(await becomesTrue { proxy.counters.open.load(ordering: .relaxed) == 2 })
    #expect(await proxy.get(origin.url("/bytes")).hasPrefix("HTTP/1.1 503 "))
    withExtendedLifetime(held) {}
  }

  @Test func aSlowReaderHoldsTheOriginBack() async throws {
    let origin = try Origin()
    defer { withExtendedLifetime(origin) {} }
    let proxy = try await ProxyFixture()
    defer { proxy.stop() }
    let client = RawProxyClient(port: proxy.port)
    client.send("GET \(origin.url("/endless")) HTTP/1.1\r\n\r\n")
    var sent = "?"
    #expect(
      await becomesTrue {
        try? await Task.sleep(for: .milliseconds(100))
        let last = sent
        sent = await proxy.get(origin.url("/sent")).replacing("\r\n", with: "\n")
        return sent == last && !sent.hasSuffix("\n0")
      })
    let count = try #require(sent.split(separator: "\n").last.flatMap { Int($0) })
    #expect(count < 24_000_000)
    let taken = await offPool { (0..<800).reduce(0) { sum, _ in sum + client.read().count } }
    #expect(taken > 1_000_000)
    withExtendedLifetime(client) {}
  }

  @Test func theOriginIsLeftWhenTheClientIs() async throws {
    let origin = try Origin.shared.get()
    let proxy = try await ProxyFixture()
    defer { proxy.stop() }
    for path in ["/silent", "/endless"] {
      let client = RawProxyClient(port: proxy.port)
      client.send("GET \(origin.url(path)) HTTP/1.1\r\n\r\n")
      #expect(await becomesTrue { proxy.counters.bytesToOrigins.load(ordering: .relaxed) > 0 })
    }
    #expect(await becomesTrue { proxy.counters.open.load(ordering: .relaxed) == 0 })
  }

  @Test func endsWithOpenConnections() async throws {
    let origin = try Origin.shared.get()
    let proxy = try await ProxyFixture()
    let clients = (0..<30).map { _ in RawProxyClient(port: proxy.port) }
    for (index, client) in clients.enumerated() {
      let path = ["/endless", "/silent"][index % 2]
      if index % 3 > 0 { client.send("GET \(origin.url(path)) HTTP/1.1\r\n\r\n") }
    }
    #expect(await becomesTrue { proxy.counters.open.load(ordering: .relaxed) == 30 })
    proxy.drop()
    #expect(await becomesTrue { proxy.counters.open.load(ordering: .relaxed) == 0 })
    proxy.stop()
  }
}
