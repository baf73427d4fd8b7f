import HTTP
import Testing

@Suite struct UpstreamClientTests {
  @Test func deliversABodyOfAnnouncedLength() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/bytes?n=300000"))
    #expect(fetched.status == 200)
    #expect(fetched.heads.count == 1)
    #expect(fetched.heads.first?.announcedLength == 300_000)
    #expect(fetched.heads.first?.finalURL.text == origin.url("/bytes?n=300000"))
    #expect(fetched.body == pattern(300_000))
    #expect(fetched.summary?.isAnnouncedLengthDelivered == true)
    #expect(fixture.counters.bytesIn.load(ordering: .relaxed) == 300_000)
    #expect(fixture.counters.open.load(ordering: .relaxed) == 0)
    #expect(fixture.counters.openedTotal.load(ordering: .relaxed) == 1)
  }

  @Test(arguments: ["/chunked", "/close", "/icy"])
  func deliversABodyWithoutLength(path: String) async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("\(path)?n=100000"))
    #expect(fetched.status == 200)
    #expect(fetched.body == pattern(100_000))
    #expect(fetched.summary == UpstreamSummary(bodyBytes: 100_000, announcedLength: nil))
  }

  @Test func sendsHeadersUserAgentAndRange() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/echo?a b=é")) {
      $0.headers = [UpstreamHeader("X-Test", "one two"), UpstreamHeader("X-Empty", "")]
      $0.range = "100-"
    }
    let lines = fetched.text.split(separator: "\n").map(String.init)
    #expect(lines.first == "GET /echo?a%20b=%C3%A9 HTTP/1.1")
    #expect(lines.contains("User-Agent: Tester/1.0"))
    #expect(lines.contains("X-Test: one two"))
    #expect(lines.contains { $0.hasPrefix("X-Empty:") })
    #expect(lines.contains("Range: bytes=100-"))
    #expect(!lines.contains { $0.hasPrefix("Accept-Encoding") })
  }

  @Test func sendsABodyAndAHead() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let posted = await fixture.fetch(origin.url("/echo")) { $0.method = .post(body: Array("{\"a\":1}".utf8)) }
    #expect(posted.text.hasPrefix("POST /echo"))
    #expect(posted.text.hasSuffix("{\"a\":1}"))
    let empty = await fixture.fetch(origin.url("/echo")) { $0.method = .post(body: []) }
    #expect(empty.text.contains("Content-Length: 0"))
    let head = await fixture.fetch(origin.url("/bytes?n=5000")) { $0.method = .head }
    #expect(head.status == 200)
    #expect(head.heads.first?.announcedLength == 5000)
    #expect(head.summary == UpstreamSummary(bodyBytes: 0, announcedLength: nil))
  }

  @Test func anErrorStatusIsAResponse() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/nowhere"))
    #expect(fetched.status == 404)
    #expect(fetched.text == "not found")
  }

  @Test func interimResponsesAreLeftOut() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/early"))
    #expect(fetched.heads.map(\.status) == [200])
    #expect(fetched.text == "ok")
  }

  @Test func keepsTheConnectionOnlyWhenAskedTo() async throws {
    let origin = try Origin()
    defer { withExtendedLifetime(origin) {} }
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    for _ in 0..<3 { _ = await fixture.fetch(origin.url("/bytes")) }
    #expect(await fixture.fetch(origin.url("/count")).text == "4")
    for _ in 0..<3 { _ = await fixture.fetch(origin.url("/bytes")) { $0.keepsConnection = true } }
    #expect(await fixture.fetch(origin.url("/count")) { $0.keepsConnection = true }.text == "5")
  }

  @Test(arguments: [
    ("ftp://127.0.0.1/x", "bad URL"), ("http://", "bad URL"), ("nonsense", "bad URL"),
    ("file:///etc/passwd", "bad URL"),
  ])
  func refusesOtherURLs(url: String, reason: String) async throws {
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(url)
    #expect(fetched.error?.reason.hasPrefix(reason) == true)
    #expect(fetched.heads.isEmpty)
  }

  @Test func refusesWhatWouldSplitTheHead() async throws {
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let bad = [UpstreamHeader("X", "a\r\nb: c"), UpstreamHeader("X Y", "a"), UpstreamHeader("", "a")]
    for header in bad {
      let fetched = await fixture.fetch("http://127.0.0.1:9/") { $0.headers = [header] }
      #expect(fetched.error?.reason.hasPrefix("bad request") == true)
    }
    #expect(await fixture.fetch("http://127.0.0.1:9/") { $0.userAgent = "a\nb" }.error == .badRequest("user agent"))
    #expect(await fixture.fetch("http://127.0.0.1:9/") { $0.range = "0-\r\nX: 1" }.error == .badRequest("range"))
  }
}
