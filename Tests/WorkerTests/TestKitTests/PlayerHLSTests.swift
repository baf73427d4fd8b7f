import TestKit
import Testing

@Suite struct PlayerHLSTests {
  /// Three seconds, cut before the tables of each key frame.
  private func segments() async throws -> [[UInt8]] {
    let bytes = try await MediaFixture.make(.h264Aac.with { $0.seconds = 3 }).bytes()
    let packets = stride(from: 0, to: bytes.count, by: 188)
    let tables = packets.filter { bytes[$0 + 1] & 0x1F == 0 && bytes[$0 + 2] == 0 }
    let keys = packets.filter {
      bytes[$0 + 1] & 0x5F == 0x41 && bytes[$0 + 2] == 0 && bytes[$0 + 3] & 0x20 != 0 && bytes[$0 + 5] & 0x40 != 0
    }
    let cuts = keys.compactMap { key in tables.last { $0 < key } }
    return zip(cuts, cuts.dropFirst() + [bytes.count]).map { Array(bytes[$0..<$1]) }
  }

  private func playlist(_ numbers: Range<Int>, end: String = "") -> SourceBehaviour {
    var text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n#EXT-X-MEDIA-SEQUENCE:\(numbers.lowerBound)\n"
    for number in numbers { text += "#EXTINF:1.0,\nsegment.ts?n=\(number)\n" }
    return .content(type: "application/vnd.apple.mpegurl", Array((text + end).utf8))
  }

  @Test func playsAPlaylistThatGrowsAndJoinsItsSegments() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer()
      let segments = try await segments()
      #expect(segments.count == 3)
      let player = PlayerHLS(port: server.port, "/a/list.m3u8?token=1")
      for (number, segment) in segments.enumerated() {
        server.set(.content(type: "video/mp2t", segment), for: "/a/segment.ts")
        server.set(playlist(max(0, number - 1)..<(number + 1)), for: "/a/list.m3u8")
        try await player.reload()
      }
      #expect(await player.problems == [])
      #expect(await player.fetched.map(\.segment.number) == [0, 1, 2])
      let media = await player.media
      #expect(media == segments.flatMap { $0 })
      #expect(try await FFmpegTool.decodeErrors(ofCapture: media) == "")
      #expect(server.requests("/a/segment.ts").map(\.target) == (0..<3).map { "/a/segment.ts?n=\($0)" })
    }
  }

  @Test func playingEndsWithTheCountOrWithTheTime() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer()
      server.set(.content(type: "video/mp2t", try await segments()[0]), for: "/segment.ts")
      server.set(playlist(4..<9), for: "/list.m3u8")
      let player = PlayerHLS(port: server.port, "/list.m3u8")
      try await player.play(untilSegments: 3, within: .seconds(10))
      #expect(await player.fetched.map(\.segment.number) == [6, 7, 8])
      await #expect(throws: WaitTimeout.self) { try await player.play(untilSegments: 4, within: .milliseconds(300)) }
      server.set(playlist(4..<10, end: "#EXT-X-ENDLIST\n"), for: "/list.m3u8")
      try await player.play(untilSegments: 99, within: .seconds(10))
      #expect(await player.fetched.count == 4)
    }
  }

  @Test func badSegmentsAndBadPlaylistsAreFound() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer()
      server.set(playlist(0..<1), for: "/list.m3u8")
      let missing = PlayerHLS(port: server.port, "/list.m3u8")
      try await missing.reload()
      #expect(await missing.problems.contains { $0.contains("404") })
      #expect(await missing.fetched.isEmpty)

      server.set(.content(type: "video/mp2t", Array(try await segments()[0].dropFirst(188))), for: "/segment.ts")
      let torn = PlayerHLS(port: server.port, "/list.m3u8")
      try await torn.reload()
      #expect(await torn.problems.contains { $0.contains("not with a PAT") })

      server.set(.content(type: "text/html", Array("<html>".utf8)), for: "/list.m3u8")
      await #expect(throws: HLSPlaylist.Invalid.self) { try await torn.reload() }
    }
  }
}
