import Testing

@testable import HTTP

@Suite struct UpstreamURLTests {
  @Test(arguments: [
    ("http://h/a b.ts", "http://h/a%20b.ts"), (" http://h/x ", "http://h/x"),
    ("http://h/é?q=ü", "http://h/%C3%A9?q=%C3%BC"),
    ("HTTP://Host:8080/x#frag", "http://Host:8080/x"), ("https://u:p@h/x", "https://u:p@h/x"),
    ("http://h", "http://h/"),
    ("http://h/a/../b/./c", "http://h/b/c"), ("http://h/%20%zz", "http://h/%20%zz"),
    ("http://[::1]:5/x", "http://[::1]:5/x"),
  ])
  func isSentEncoded(text: String, sent: String) throws {
    #expect(try UpstreamURL(text).text == sent)
  }

  @Test(arguments: [
    "", "x", "/x", "ftp://h/", "file:///etc/passwd", "gopher://h/", "rtsp://h/x", "http://", "http://h:0x/",
    "http://h:70000/", "http://h/\u{1}", "http://h/a\r\nb", "http://[::zz]/",
    "http://h/" + String(repeating: "a", count: 20_000),
  ])
  func refuses(text: String) {
    #expect {
      try UpstreamURL(text)
    } throws: { error in
      if case .badURL(let reason)? = error as? UpstreamError { return !reason.contains("h/") }
      return false
    }
  }

  @Test(arguments: [
    ("seg.ts", "http://u:p@h:81/a/seg.ts"), ("/seg.ts?x=1", "http://u:p@h:81/seg.ts?x=1"),
    ("../s", "http://u:p@h:81/s"),
    ("?q", "http://u:p@h:81/a/b?q"), ("//o/x", "http://o/x"), ("https://o/x y", "https://o/x%20y"),
  ])
  func resolvesReferences(reference: String, target: String) throws {
    #expect(try UpstreamURL("http://u:p@h:81/a/b?z=1").resolving(reference).text == target)
  }

  @Test func knowsHostPortAndOrigin() throws {
    let url = try UpstreamURL("https://Example.COM/x")
    #expect(url.host == "example.com")
    #expect(url.port == 443)
    #expect(url.hasSameOrigin(as: try UpstreamURL("https://example.com:443/y")))
    #expect(!url.hasSameOrigin(as: try UpstreamURL("http://example.com/y")))
    #expect(!url.hasSameOrigin(as: try UpstreamURL("https://example.com:444/y")))
  }

  @Test func aRedirectKeepsCredentialsInTheOriginOnly() throws {
    let url = try UpstreamURL("http://u:p%40@h:81/a")
    #expect(try url.redirected(to: "http://h:81/b").text == "http://u:p%40@h:81/b")
    #expect(try url.redirected(to: "http://h:82/b").text == "http://h:82/b")
    #expect(try url.redirected(to: "//other/b").text == "http://other/b")
    #expect(try url.redirected(to: "http://v:w@h:81/b").text == "http://v:w@h:81/b")
  }

  @Test func aRedirectDropsWhatWasMeantForTheOrigin() throws {
    var hop = UpstreamHop(
      url: try UpstreamURL("http://h/a"), method: .post(body: [1]),
      headers: [UpstreamHeader("AUTHORIZATION", "x"), UpstreamHeader("cookie", "c"), UpstreamHeader("X-A", "1")])
    try hop.redirected(status: 307, location: "/b", limit: 2)
    #expect(hop.headers.count == 3)
    if case .post = hop.method {} else { Issue.record("307 keeps the method") }
    try hop.redirected(status: 302, location: "http://other/c", limit: 2)
    #expect(hop.headers == [UpstreamHeader("X-A", "1")])
    if case .get = hop.method {} else { Issue.record("302 makes a POST a GET") }
    #expect(throws: UpstreamError.tooManyRedirects) { try hop.redirected(status: 302, location: "/d", limit: 2) }
  }
}
