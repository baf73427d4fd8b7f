import HTTP
import Testing

@Suite struct UpstreamRedirectTests {
  @Test(arguments: ["bytes?n=77", "/bytes?n=77", "./x/../bytes?n=77", "//HOST/bytes?n=77"])
  func followsRelativeLocations(location: String) async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let target = location.replacing("HOST", with: "127.0.0.1:\(origin.port)")
    let fetched = await fixture.fetch(origin.url("/redirect?to=\(escaped(target))"))
    #expect(fetched.heads.map(\.status) == [200])
    #expect(fetched.heads.first?.finalURL.text == origin.url("/bytes?n=77"))
    #expect(fetched.body == pattern(77))
  }

  @Test func encodesWhatTheLocationLeavesRaw() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/redirect?to=\(escaped("/echo?a b"))"))
    #expect(fetched.text.hasPrefix("GET /echo?a%20b HTTP/1.1"))
  }

  @Test func followsAtMostTheLimit() async throws {
    let origin = try Origin()
    defer { withExtendedLifetime(origin) {} }
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/loop?n=0"))
    #expect(fetched.error == .tooManyRedirects)
    #expect(fetched.heads.isEmpty)
    #expect(await fixture.fetch(origin.url("/count")).text == "12")
    let chain = (0..<10).reduce("/bytes?n=5") { path, _ in "/redirect?to=\(escaped(path))" }
    #expect(await fixture.fetch(origin.url(chain)).body == pattern(5))
  }

  @Test func deliversARedirectThatIsNotToBeFollowed() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/redirect?code=307&to=/bytes")) { $0.maxRedirects = 0 }
    #expect(fetched.status == 307)
    #expect(fetched.heads.first?.headers.value(of: "LOCATION") == "/bytes")
  }

  @Test(arguments: [(302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")])
  func postFollowsTheStatus(status: Int, method: String) async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    let fetched = await fixture.fetch(origin.url("/redirect?code=\(status)&to=/echo")) {
      $0.method = .post(body: Array("body".utf8))
    }
    #expect(fetched.text.hasPrefix("\(method) /echo"))
    #expect(fetched.text.hasSuffix("body") == (method == "POST"))
  }

  @Test func doesNotCarryCredentialsToAnotherOrigin() async throws {
    let origin = try Origin.shared.get()
    let other = try Origin.sharedV6.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    func secrets(via target: String, user: String = "") async -> [Bool] {
      let start = origin.url("/redirect?to=\(escaped(target))").replacing("http://", with: "http://\(user)")
      let text = await fixture.fetch(start) {
        if user.isEmpty { $0.headers.append(UpstreamHeader("Authorization", "Bearer s3cret")) }
        $0.headers += [UpstreamHeader("cookie", "id=s3cret"), UpstreamHeader("X-Plain", "stays")]
      }.text
      return [text.contains("Authorization: "), text.contains("s3cret"), text.contains("X-Plain: stays")]
    }
    #expect(await secrets(via: "/echo") == [true, true, true])
    #expect(await secrets(via: origin.url("/echo")) == [true, true, true])
    #expect(await secrets(via: other.url("/echo")) == [false, false, true])
    #expect(await secrets(via: origin.url("/echo", host: "localhost")) == [false, false, true])
    #expect(await secrets(via: "/echo", user: "u:p@") == [true, true, true])
    #expect(await secrets(via: origin.url("/echo"), user: "u:p@") == [true, true, true])
    #expect(await secrets(via: other.url("/echo"), user: "u:p@") == [false, false, true])
    // There and back again: what was dropped stays dropped.
    let back = other.url("/redirect?to=\(escaped(origin.url("/echo")))")
    #expect(await secrets(via: back) == [false, false, true])
  }

  @Test func aRedirectToAnotherSchemeIsRefused() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture()
    defer { fixture.stop() }
    for target in ["file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/"] {
      let fetched = await fixture.fetch(origin.url("/redirect?to=\(escaped(target))"))
      #expect(fetched.error == .badURL("the scheme must be http or https"))
      #expect(fetched.body.isEmpty)
    }
  }
}
