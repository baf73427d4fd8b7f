import HTTP
import Testing

@Suite struct UpstreamRefusalTests {
  @Test(arguments: [
    "127.0.0.1", "localhost", "127.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]", "0.0.0.0", "user:pw@127.0.0.1",
  ])
  func connectsToNoRefusedAddress(host: String) async throws {
    let trap = SilentListener()
    defer { withExtendedLifetime(trap) {} }
    let fixture = try await ClientFixture(allow: "")
    defer { fixture.stop() }
    let fetched = await fixture.fetch("http://\(host):\(trap.port)/")
    guard case .refusedAddress(let reason)? = fetched.error else {
      Issue.record("\(String(describing: fetched.error))")
      return
    }
    #expect(!reason.contains("pw"))
    #expect(!trap.wasReached)
  }

  @Test func aRedirectToARefusedAddressIsRefused() async throws {
    let origin = try Origin()
    defer { withExtendedLifetime(origin) {} }
    let trap = SilentListener()
    defer { withExtendedLifetime(trap) {} }
    let fixture = try await ClientFixture(allow: "127.0.0.1:\(origin.port)")
    defer { fixture.stop() }
    for host in ["127.0.0.1", "localhost", "[::1]", "[::ffff:7f00:1]"] {
      let target = escaped("http://\(host):\(trap.port)/x")
      let fetched = await fixture.fetch(origin.url("/redirect?to=\(target)"))
      guard case .refusedAddress? = fetched.error else {
        Issue.record("\(String(describing: fetched.error))")
        continue
      }
    }
    #expect(!trap.wasReached)
  }

  @Test func theAllowListNamesHostsToo() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture(allow: "localhost:\(origin.port)")
    defer { fixture.stop() }
    #expect(await fixture.fetch(origin.url("/bytes", host: "localhost")).status == 200)
    guard case .refusedAddress? = await fixture.fetch(origin.url("/bytes")).error else {
      Issue.record("the name was allowed, not the address")
      return
    }
  }

  @Test func aNameOfWhichOneAddressIsAllowedIsReachedThere() async throws {
    let origin = try Origin.shared.get()
    let fixture = try await ClientFixture(allow: "127.0.0.1")
    defer { fixture.stop() }
    #expect(await fixture.fetch(origin.url("/bytes", host: "localhost")).status == 200)
  }
}
