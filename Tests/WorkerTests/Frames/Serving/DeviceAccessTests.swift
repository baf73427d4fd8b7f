import EventLoop
import FrameRecorder
import HTTP
import TestKit
import Testing

@testable import Worker

@Suite("Who may play recordings", .timeLimit(.minutes(3))) struct DeviceAccessTests {
  private let path = "/devices/c1/d1/playlist.m3u8"

  private var auth: Configuration.Auth {
    var auth = Configuration().auth
    (auth.apiToken, auth.urlSigningKey) = ("secret", "test-signing-key")
    auth.playTokenLifetime = .seconds(3_600)
    return auth
  }

  private func query(_ name: String, _ expiry: Int) -> String {
    "?exp=\(expiry)&sig="
      + URLSignature.text(["v1", "device", name, String(expiry)], key: Array("test-signing-key".utf8))
  }

  @Test("with a token: those who have it, or a signed URL, which playlists hand on")
  func tokens() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture, auth: auth)
      try await rig.record(2, try ServingRig.pair("c1:d1"))
      #expect(try await rig.get(path).status == 401)
      #expect(try await rig.get("/devices/c1/nobody/playlist.m3u8").status == 401)
      #expect(try await rig.get("/devices/%2e/d1/playlist.m3u8", ["X-API-Token": "wrong"]).status == 404)
      #expect(try await rig.get(path, ["X-API-Token": "wrong"]).status == 403)
      let playlist = try await rig.get(path, ["X-API-Token": "secret"])
      let again = try await rig.get(path + "?api_token=secret")
      #expect(playlist.status == 200 && playlist.body == again.body)
      let uris = playlist.text.split(separator: "\n").filter { $0.hasPrefix("segments/") }.map { String($0) }
      #expect(uris.count == 2 && !playlist.text.contains("secret"))
      for uri in uris { #expect(try await rig.get("/devices/c1/d1/" + uri).status == 200, "\(uri)") }
      // The playlist itself, signed as its URIs are.
      let signed = String(try #require(uris[0].split(separator: "?").last))
      let own = try await rig.get(path + "?" + signed)
      #expect(own.status == 200 && own.body == playlist.body)
      #expect(try await rig.get(path + "?last=6&" + signed).text.contains(signed))
      let bare = String(try #require(uris[0].split(separator: "?").first))
      #expect(try await rig.get("/devices/c1/d1/" + bare).status == 401)
      #expect(try await rig.get("/devices/c1/d1/" + bare, ["Authorization": "Bearer secret"]).status == 200)
      for bad in [
        query("c1/d2", 4_000_000_000), query("c1/d1", 1_700_000_000), query("c1/d1", 4_000_000_000) + "x", "?sig=x",
        "?exp=4000000000&sig=",
      ] {
        let answer = try await rig.get(path + bad)
        #expect(try answer.status == 403 && answer.json()["code"] as? String == "signature-invalid", "\(bad)")
      }
      #expect(try await rig.get(path + query("c1/d1", 4_000_000_000)).status == 200)
      for listing in ["/devices", "/devices/c1/d1", "/devices/c1/d1/archives"] {
        #expect(try await rig.get(listing + query("c1/d1", 4_000_000_000)).status == 401, "\(listing)")
        #expect(try await rig.get(listing, ["X-API-Token": "secret"]).status == 200, "\(listing)")
      }
    }
  }

  @Test("for archives as for the recording")
  func archives() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture, auth: auth)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(2, device)
      let session = try await rig.archive(device, expires: FrameTime(milliseconds: 4_000_000_000_000))
      let base = "/devices/c1/d1/archives/\(session)"
      #expect(try await rig.get(base + "/playlist.m3u8").status == 401)
      let playlist = try await rig.get(base + "/playlist.m3u8" + query("c1/d1", 4_000_000_000))
      #expect(playlist.status == 200 && playlist.head["Cache-Control"] == "max-age=1")
      let uris = playlist.text.split(separator: "\n").filter { !$0.hasPrefix("#") }
      #expect(uris.count == 2 && uris.allSatisfy { $0.hasSuffix(query("c1/d1", 4_000_000_000)) })
      for uri in uris { #expect(try await rig.get("\(base)/\(uri)").status == 200) }
      for bundle in [".zip", ".tar"] {
        #expect(try await rig.get(base + bundle + query("c1/d1", 4_000_000_000)).status == 401)
      }
      #expect(try await rig.get(base, method: "DELETE").status == 401)
    }
  }

  @Test("anybody where the operator has opened them, or has no token")
  func open() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture, auth: auth, isPublic: true)
      try await rig.record(1, try ServingRig.pair("c1:d1"))
      let playlist = try await rig.get(path)
      #expect(playlist.status == 200 && !playlist.text.contains("sig="))
      #expect(try await rig.get("/devices/c1/d1/segments/seg_000000.ts").status == 200)
      #expect(try await rig.get("/devices").status == 401)
    }
  }

  @Test("for their life at least, with URIs that stay the same for a quarter of it")
  func expiry() throws {
    let loop = EventLoop(name: "access")
    defer { loop.stop() }
    let request = HTTPRequest(
      method: "GET", target: "/x?api_token=secret", peer: PeerAddress(text: "192.0.2.1", port: 1), localPort: 80,
      requestID: "0123456789ab", loop: loop)
    let device = PathParameters(names: ["client", "device"], values: ["c1", "d1"])
    let access = DeviceAccess(auth, isPublic: false)
    var suffixes: Set<String> = []
    for now in stride(from: 1_800_000_000, to: 1_800_003_600, by: 7) {
      let suffix = try access.check(request, device, now: now)
      let text = try #require(suffix.wholeMatch(of: /\?exp=(\d+)&sig=[A-Za-z0-9_-]{22}/)?.1)
      #expect((now + 3_600...now + 4_500).contains(Int(text) ?? 0))
      suffixes.insert(suffix)
    }
    #expect(suffixes.count == 5 || suffixes.count == 4)
  }
}
