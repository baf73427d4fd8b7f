import FrameRecorder
import HTTP
import TestKit
import Testing

@testable import Worker

@Suite("Playlists of recordings over HTTP", .timeLimit(.minutes(3))) struct PlaylistServingTests {
  private let path = "/devices/c1/d1/playlist.m3u8"

  @Test("are the bytes of the playlist file, on every worker and below the root path")
  func identicalBytes() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let other = try await ServingRig(fixture, folder: rig.folder, redis: rig.redis)
      let device = try ServingRig.pair("c1:d1")
      let segments = try await rig.record(3, device)
      let file = DevicePlaylist.render(segments, .live, target: 6)
      for (rig, path) in [(rig, path), (other, path), (other, "/root" + path)] {
        let answer = try await rig.get(path)
        #expect(answer.status == 200 && answer.body == file)
        #expect(answer.head["Content-Type"] == "application/vnd.apple.mpegurl")
        #expect(answer.head["Cache-Control"] == "max-age=1")
        #expect(answer.head["Access-Control-Allow-Origin"] == "*")
      }
      // As the recorder writes it.
      let writer = try rig.writer(fixture)
      writer.changed(device)
      try await eventually("the file") { (try? readFile(rig.file("hls/playlist.m3u8"))) == file }
      let tags = try await [rig.get(path).head["ETag"], other.get(path).head["ETag"]]
      #expect(tags[0] == tags[1] && tags[0]?.hasPrefix("\"") == true)
      // What comes and what goes.
      let more = try await rig.record(2, device)
      #expect(try await other.get(path).body == DevicePlaylist.render(more, .live, target: 6))
      rig.advance(.seconds(25 * 3_600))
      #expect(try await rig.store.trim(device, atMost: 2).count == 2)
      let left = DevicePlaylist.render(more.dropFirst(2), .live, target: 6)
      let trimmed = try await [rig.get(path).body, other.get(path).body]
      #expect(trimmed == [left, left])
    }
  }

  @Test("answer 304 to who has them, HEAD without a body, and in short to who takes gzip")
  func conditions() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      try await rig.index(2_880, try ServingRig.pair("c1:d1"))
      let whole = try await rig.get(path)
      let tag = try #require(whole.head["ETag"])
      #expect(whole.text.split(separator: "\n").filter { $0.hasPrefix("segments/") }.count == 2_880)
      for given in [tag, "W/" + tag, "\"x\", \(tag)", "*"] {
        let answer = try await rig.get(path, ["If-None-Match": given])
        #expect(answer.status == 304 && answer.body.isEmpty && answer.head["ETag"] == tag, "\(given)")
      }
      #expect(try await rig.get(path, ["If-None-Match": "\"x\""]).status == 200)
      let head = try await rig.get(path, method: "HEAD")
      #expect(head.status == 200 && head.body.isEmpty && head.head["Content-Length"] == "\(whole.body.count)")
      let short = try await rig.get(path, ["Accept-Encoding": "br, gzip;q=0.5"])
      #expect(short.head["Content-Encoding"] == "gzip" && short.head["Vary"] == "Accept-Encoding")
      #expect(short.body.count * 8 <= whole.body.count)
      #expect(short.head["ETag"] != tag)
      let file = try rig.folder.write(short.body, to: "short.gz")
      let unpacked = try await FFmpegTool.succeed("gzip", ["-dc", file])
      #expect(unpacked.output == whole.body)
      let shortTag = try #require(short.head["ETag"])
      let again = try await rig.get(path, ["Accept-Encoding": "gzip", "If-None-Match": shortTag])
      #expect(again.status == 304)
      for refusal in ["gzip;q=0", "*;q=0", "identity", ""] {
        #expect(try await rig.get(path, ["Accept-Encoding": refusal]).head["Content-Encoding"] == nil)
      }
    }
  }

  @Test("show the window that is asked for")
  func windows() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      let segments = try await rig.record(5, device)
      func listed(_ query: String) async throws -> (numbers: [UInt64], isVOD: Bool) {
        let text = try await rig.get(path + "?" + query).text
        let names = text.split(separator: "\n").filter { $0.hasPrefix("segments/") }
        return (
          names.compactMap { SegmentName.number(of: String($0.dropFirst(9))) }, text.hasSuffix("#EXT-X-ENDLIST\n")
        )
      }
      // Capture times: 0, 6, 12, 18, 24 s after 2026-11-21T00:00:00Z, each with frames over 5 s.
      for (query, numbers, isVOD) in [
        ("last=600", [0, 1, 2, 3, 4], false), ("last=6", [4], false), ("last=7.5", [3, 4], false),
        ("from=1795219212", [2, 3, 4], false), ("from=2026-11-21T00:00:12Z", [2, 3, 4], false),
        ("from=1795219212000", [2, 3, 4], false), ("from=2026-11-21T01:00:12%2B01:00", [2, 3, 4], false),
        ("from=2026-11-21T00:00:07Z&to=2026-11-21T00:00:13Z", [1, 2], true), ("to=1795219206", [0, 1], true),
        ("from=1795219217.5&to=1795219217.9", [], true), ("from=1795219212&to=4795219212", [2, 3, 4], false),
      ] as [(String, [UInt64], Bool)] {
        guard !numbers.isEmpty else {
          let answer = try await rig.get(path + "?" + query)
          #expect(try answer.status == 404 && answer.json()["code"] as? String == "window-empty", "\(query)")
          continue
        }
        let found = try await listed(query)
        #expect(found.numbers == numbers && found.isVOD == isVOD, "\(query)")
      }
      for bad in [
        "last=0", "last=x", "from=x", "to=", "from=20&to=10", "from=10&to=10", "last=5&from=3", "from=2026-13-01",
      ] {
        let answer = try await rig.get(path + "?" + bad)
        #expect(try answer.status == 422 && answer.json()["code"] as? String == "validation", "\(bad)")
        #expect(answer.head["Content-Type"] == "application/problem+json")
      }
      #expect(segments.count == 5)
    }
  }

  @Test("are 404 for what is no device, whatever its name")
  func unknown() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      try await rig.record(1, try ServingRig.pair("c1:d1"))
      let names = [
        "/devices/c1/nobody", "/devices/c1/d1%3Ax", "/devices/c1/%2e%2e", "/devices/c%001/d1", "/devices/c1/d1%0a",
        "/devices/c1/*", "/devices/\(String(repeating: "x", count: 129))/d1", "/devices/c1/d%2F1", "/devices/%C3%A4/d1",
      ]
      for name in names {
        let answer = try await rig.get(name + "/playlist.m3u8")
        #expect(answer.status == 404 && answer.head["Content-Type"] == "application/problem+json", "\(name)")
      }
      #expect(try await rig.get(names[0] + "/playlist.m3u8").json()["code"] as? String == "device-not-found")
      #expect(try await rig.get(path, method: "POST").status == 405)
    }
  }

  @Test("cost one small read of Redis when nothing is new")
  func cost() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(3, device)
      let first = try await rig.get(path)
      try await rig.redis.command("CONFIG", "RESETSTAT")
      for _ in 0..<10 {
        #expect(try await rig.get(path, ["If-None-Match": first.head["ETag"] ?? ""]).status == 304)
      }
      let lines = try await rig.redis.command("INFO", "commandstats").split(whereSeparator: \.isNewline)
      let calls = lines.filter { $0.hasPrefix("cmdstat_") && !$0.hasPrefix("cmdstat_config") }.map {
        $0.split(separator: ",")[0]
      }.sorted()
      #expect(
        calls == [
          "cmdstat_hmget:calls=10", "cmdstat_time:calls=10", "cmdstat_xrange:calls=10", "cmdstat_xrevrange:calls=10",
        ])
    }
  }

  @Test("are shown for a while when Redis is away, then 503; segments stay")
  func redisAway() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(2, device)
      let before = try await rig.get(path)
      try await rig.redis.kill()
      try await eventually("the loss", within: .seconds(20)) {
        do throws(FrameStoreError) {
          _ = try await rig.store.version(of: device)
          return false
        } catch {
          return error.code == .unavailable
        }
      }
      #expect(try await rig.get(path).body == before.body)
      #expect(try await rig.get(path + "?last=6").text.contains("seg_000001.ts"))
      let unread = try await rig.get("/devices/c1/d2/playlist.m3u8")
      #expect(try unread.status == 503 && unread.json()["code"] as? String == "store-unavailable")
      #expect(unread.head["Retry-After"] == "2")
      let segment = try await rig.get("/devices/c1/d1/segments/seg_000001.ts")
      #expect(try segment.status == 200 && segment.body == readFile(rig.file("hls/segments/seg_000001.ts")))
      #expect(segment.head["ETag"] == "\"0-1-\(segment.body.count)\"")
      #expect(try await rig.get("/devices/c1/d1/segments/seg_000002.ts").status == 404)
      #expect(try await rig.get("/devices").status == 503)
      try await rig.redis.restart()
      // It has come back empty: the device is unknown.
      try await eventually("the return", within: .seconds(20)) { try await rig.get(path).status == 404 }
    }
  }

  @Test("are those of the device whose folder a name's folder leads to")
  func sharedDevices() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      try await rig.record(2, try ServingRig.pair("c1:d1"))
      try rig.link("client_ids/c2/device_id/shared", to: "../../c1/device_id/d1")
      try rig.link("client_ids/c2/device_id/out", to: "/etc")
      let shared = try await rig.get("/devices/c2/shared/playlist.m3u8")
      let own = try await rig.get(path)
      #expect(shared.body == own.body && shared.status == 200)
      #expect(try await rig.get("/devices/c2/shared/segments/seg_000001.ts").status == 200)
      #expect(try await rig.get("/devices/c2/out/playlist.m3u8").status == 404)
    }
  }

  @Test("are what a player needs while segments come and go, from whichever worker: what was listed is there")
  func player() async throws {
    try await withFixture { fixture in
      let retention = RetentionRule(retentionHours: 1, archiveHoldHours: 0, graceSeconds: 300)
      let rig = try await ServingRig(fixture, retention: retention)
      let other = try await ServingRig(fixture, folder: rig.folder, redis: rig.redis, retention: retention)
      let device = try ServingRig.pair("c1:d1")
      var history = HLSHistory()
      var listed: [String] = []
      for step in 0..<40 {
        try await rig.record(1, device)
        for rig in [rig, other] { rig.advance(.seconds(190)) }
        _ = try await rig.store.trim(device)
        // Those of the playlist before, of which one has left the index since.
        for uri in listed {
          let answer = try await (step % 2 == 0 ? rig : other).get("/devices/c1/d1/" + uri, method: "HEAD")
          #expect(answer.status == 200, "\(uri)")
        }
        let text = try await (step % 3 == 0 ? other : rig).get(path).text
        let playlist = try HLSPlaylist(text)
        history.take(playlist)
        listed = playlist.segments.map(\.uri)
      }
      #expect(history.problems == [])
      #expect(history.segments.count == 40 && listed.count == 18)
    }
  }
}
