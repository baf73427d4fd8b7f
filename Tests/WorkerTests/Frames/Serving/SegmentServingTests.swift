import FrameRecorder
import HTTP
import TestKit
import Testing

@testable import Worker

@Suite("Segments of recordings over HTTP", .timeLimit(.minutes(3))) struct SegmentServingTests {
  private let path = "/devices/c1/d1/segments/seg_000001.ts"

  @Test("are whole or in one range, by their strong tag, from any worker")
  func ranges() async throws {
    try await withFixture { fixture in
      let recorder = try await ServingRig(fixture)
      let rig = try await ServingRig(fixture, folder: recorder.folder, redis: recorder.redis)
      try await recorder.record(2, try ServingRig.pair("c1:d1"))
      let file = try readFile(recorder.file("hls/segments/seg_000001.ts"))
      let size = file.count
      let whole = try await rig.get(path)
      let tag = "\"0-1-\(size)\""
      #expect(whole.status == 200 && whole.body == file && whole.head["ETag"] == tag)
      #expect(whole.head["Accept-Ranges"] == "bytes" && whole.head["Content-Type"] == "video/mp2t")
      #expect(whole.head["Content-Length"] == "\(size)")
      let life = try #require(whole.head["Cache-Control"]?.wholeMatch(of: /public, max-age=(\d+), immutable/))
      #expect((86_600...86_700).contains(Int(life.1) ?? 0))
      for (range, expected) in [
        ("bytes=0-0", 0..<1), ("bytes=100-199", 100..<200), ("bytes=\(size - 10)-", (size - 10)..<size),
        ("bytes=-188", (size - 188)..<size), ("bytes=0-99999999", 0..<size), ("BYTES=5-5", 5..<6),
      ] {
        let part = try await rig.get(path, ["Range": range])
        #expect(part.status == 206 && part.body == Array(file[expected]), "\(range)")
        #expect(part.head["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(size)")
      }
      for range in ["bytes=\(size)-", "bytes=-0"] {
        let refused = try await rig.get(path, ["Range": range])
        #expect(refused.status == 416 && refused.head["Content-Range"] == "bytes */\(size)", "\(range)")
      }
      for range in ["bytes=5-4", "bytes=0-1,4-5", "lines=1-2", "bytes=x"] {
        #expect(try await rig.get(path, ["Range": range]).status == 200, "\(range)")
      }
      #expect(try await rig.get(path, ["Range": "bytes=0-1", "If-Range": tag]).status == 206)
      for condition in ["\"0-0-\(size)\"", "W/" + tag, "Sat, 21 Nov 2026 00:00:00 GMT"] {
        #expect(try await rig.get(path, ["Range": "bytes=0-1", "If-Range": condition]).status == 200)
      }
      #expect(try await rig.get(path, ["If-None-Match": tag]).status == 304)
      let head = try await rig.get(path, ["Range": "bytes=0-1"], method: "HEAD")
      #expect(head.status == 200 && head.head["Content-Length"] == "\(size)" && head.body.isEmpty)
      // A connection goes on after a segment.
      let client = try await RawHTTPClient.connect(port: rig.port)
      for _ in 0..<3 {
        try await client.sendRequest("GET", path)
        _ = try await client.readHead()
        #expect(try await client.readWholeBody() == file)
      }
      client.close()
      #expect(try await FFmpegTool.decodeErrors(ofFile: recorder.file("hls/segments/seg_000001.ts")) == "")
    }
  }

  @Test("are there while they are listed and for the grace, then 404")
  func life() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(3, device)
      rig.advance(.seconds(24 * 3_600 + 60))
      #expect(try await rig.store.trim(device, atMost: 2).count == 2)
      let graced = try await rig.get(path)
      #expect(graced.status == 200)
      let life = try #require(graced.head["Cache-Control"]?.wholeMatch(of: /public, max-age=(\d+), immutable/))
      #expect((280...300).contains(Int(life.1) ?? 0))
      rig.advance(.seconds(301))
      let gone = try await rig.get(path)
      #expect(try gone.status == 404 && gone.json()["code"] as? String == "segment-not-found")
      #expect(try await rig.get("/devices/c1/d1/segments/seg_000002.ts").status == 200)
      // One that is on the disk and in no index is nobody's.
      try rig.adapter.put([1, 2, 3], at: .segment(device, 9))
      #expect(try await rig.get("/devices/c1/d1/segments/seg_000009.ts").status == 404)
    }
  }

  @Test("are never another file, whatever the name or the links")
  func hostileNames() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(2, device)
      let secret = try fixture.temporaryFolder("secret").write(Array("secret".utf8), to: "secret.ts")
      for name in [
        "seg_1.ts", "seg_0000001.ts", "seg_+00001.ts", "seg_000001.ts.tmp", ".seg_1.2.tmp", "playlist.m3u8",
        "seg_000001.ts%00", "..%2f..%2fplaylist.m3u8", "%2e%2e", "seg_99999999999999999999.ts", "SEG_000001.TS",
      ] {
        #expect(try await rig.get("/devices/c1/d1/segments/" + name).status == 404, "\(name)")
      }
      #expect(try await rig.get("/devices/c1/d1/segments/../playlist.m3u8").status == 404)
      // A link in place of a listed file, out of the base and within it; a folder; a pipe.
      for target in [secret, "../../../d2/hls/segments/seg_000000.ts", "seg_000000.ts"] {
        try rig.adapter.delete(.segment(device, 1))
        try rig.link("client_ids/c1/device_id/d1/hls/segments/seg_000001.ts", to: target)
        let answer = try await rig.get(path)
        #expect(answer.status == 404 && !answer.text.contains("secret"), "\(target)")
      }
      try rig.adapter.delete(.segment(device, 1))
      try rig.adapter.create(.segment(device, 1))
      #expect(try await rig.get(path).status == 404)
      try rig.adapter.delete(.segment(device, 1))
      try await FFmpegTool.succeed("mkfifo", [rig.file("hls/segments/seg_000001.ts")])
      #expect(try await rig.get(path).status == 404)
    }
  }

  @Test("stay whole for a client that reads slowly while the file goes")
  func slowReader() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(2, device)
      let size = 24 << 20
      try rig.adapter.put([UInt8](repeating: 7, count: size), at: .segment(device, 1), replaces: true)
      let client = try await RawHTTPClient.connect(port: rig.port, receiveBuffer: 4_096)
      try await client.sendRequest("GET", path)
      _ = try await client.readHead()
      try rig.adapter.delete(.segment(device, 1))
      let body = try await client.readWholeBody()
      #expect(body.count == size && body.allSatisfy { $0 == 7 })
      client.close()
    }
  }
}
