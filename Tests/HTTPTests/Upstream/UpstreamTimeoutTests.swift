import HTTP
import Testing

@Suite struct UpstreamTimeoutTests {
  @Test func aConnectionThatIsNotAccepted() async throws {
    let listener = SilentListener(backlog: 0)
    defer { withExtendedLifetime(listener) {} }
    listener.fillBacklog()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let begin = ContinuousClock.now
    let fetched = await fixture.fetch("http://127.0.0.1:\(listener.port)/") {
      $0.timeouts.connect = .milliseconds(300)
    }
    #expect(fetched.error == .connectTimeout)
    #expect((.milliseconds(290)...(.seconds(30))).contains(ContinuousClock.now - begin))
  }

  @Test func aHeadThatNeverComes() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/silent")) {
      $0.timeouts.firstByte = .milliseconds(300)
    }
    #expect(fetched.error == .firstByteTimeout)
    #expect(fetched.heads.isEmpty)
  }

  @Test func aBodyThatStalls() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/stall")) { $0.timeouts.idle = .milliseconds(300) }
    #expect(fetched.error == .stalled)
    #expect(fetched.body == pattern(10))
  }

  @Test func aSlowBodyThatGoesOnDoesNotStall() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/drip")) { $0.timeouts.idle = .milliseconds(1500) }
    #expect(fetched.text == String(repeating: "x", count: 20))
  }

  @Test func theTotalLimit() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/drip")) { $0.timeouts.total = .milliseconds(300) }
    #expect(fetched.error == .totalTimeout)
    #expect(!fetched.body.isEmpty)
  }

  @Test func aNameThatCannotBe() async throws {
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    // A label has 63 bytes at most (RFC 1035 §2.3.4): no name server is asked.
    let fetched = await fixture.fetch("http://\(String(repeating: "x", count: 64)).test/")
    #expect(fetched.error == .resolveFailed("no such host"))
  }

  @Test func aClosedPort() async throws {
    let closed = SilentListener(backlog: nil)
    defer { withExtendedLifetime(closed) {} }
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch("http://127.0.0.1:\(closed.port)/")
    #expect(fetched.error == .connectFailed("connection refused"))
  }

  @Test func whatBreaksOff() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let broken = await fixture.fetch(origin.url("/broken"))
    #expect(broken.error == .brokenBody(received: 10, announced: 1000))
    #expect(broken.body == pattern(10))
    #expect(await fixture.fetch(origin.url("/brokenchunk")).error == .brokenBody(received: 10, announced: nil))
    #expect(await fixture.fetch(origin.url("/hangup")).error == .protocolError("connection closed without an answer"))
    guard case .protocolError? = await fixture.fetch(origin.url("/garbage")).error else {
      Issue.record("not HTTP")
      return
    }
    #expect(await fixture.fetch(origin.url("/bighead")).error == .protocolError("response head too large"))
  }
}
