import TestKit
import Testing

@Suite struct HLSPlaylistTests {
  private func playlist(
    _ segments: [(Int, Double)], sequence: Int, target: Int = 2, discontinuities: Set<Int> = [], gone: Int = 0,
    end: String = ""
  ) throws -> HLSPlaylist {
    var text = "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:\(target)\n#EXT-X-MEDIA-SEQUENCE:\(sequence)\n"
    text += "#EXT-X-DISCONTINUITY-SEQUENCE:\(gone)\n"
    for (number, duration) in segments {
      if discontinuities.contains(number) { text += "#EXT-X-DISCONTINUITY\n" }
      text += "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:14:22.827Z\n#EXTINF:\(duration),\nsegment.ts?n=\(number)\n"
    }
    return try HLSPlaylist(text + end)
  }

  @Test func readsWhatAPlaylistSays() throws {
    let playlist = try playlist(
      [(7, 2.0), (8, 1.96)], sequence: 7, discontinuities: [8], gone: 3, end: "#EXT-X-ENDLIST\n")
    #expect(playlist.version == 3 && playlist.targetDuration == 2 && playlist.mediaSequence == 7)
    #expect(playlist.discontinuitySequence == 3 && playlist.hasEnded)
    #expect(playlist.segments.map(\.number) == [7, 8])
    #expect(playlist.segments.map(\.uri) == ["segment.ts?n=7", "segment.ts?n=8"])
    #expect(playlist.segments.map(\.isDiscontinuous) == [false, true])
    #expect(playlist.segments[0].date?.timeIntervalSince1970 == 1_795_234_462.827)
  }

  @Test(arguments: [
    "", "#EXTINF:2,\na.ts\n", "#EXTM3U\n#EXTINF:2,\na.ts\n", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts",
    "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.0,\na.ts\n", "#EXTM3U\n#EXT-X-TARGETDURATION:2\na.ts\n",
    "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2.5,\na.ts\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2\na.ts\n", "#EXTM3U\n#EXT-X-TARGETDURATION:2.5\n#EXTINF:2,\na.ts\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n#EXT-X-MEDIA-SEQUENCE:4\na.ts\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n#EXTINF:2,\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n",
    "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXT-X-PROGRAM-DATE-TIME:now\n#EXTINF:2,\na.ts\n",
    "#EXTM3U\r\n#EXT-X-TARGETDURATION:2\r\n#EXTINF:2,\r\na.ts\r\n",
  ])
  func refusesWhatIsNotAsTheStandardSays(text: String) {
    #expect(throws: HLSPlaylist.Invalid.self) { try HLSPlaylist(text) }
  }

  @Test func aPlaylistThatGoesOnAsItShouldHasNoProblems() throws {
    var history = HLSHistory()
    history.take(try playlist([(0, 2), (1, 2)], sequence: 0, discontinuities: [1]))
    let new = history.take(try playlist([(1, 2), (2, 2)], sequence: 1, discontinuities: [1]))
    #expect(new.map(\.number) == [2])
    history.take(try playlist([(2, 2), (3, 2)], sequence: 2, gone: 1, end: "#EXT-X-ENDLIST\n"))
    #expect(history.problems == [])
    #expect(history.segments.map(\.number) == [0, 1, 2, 3])
  }

  @Test func eachBrokenRuleIsFound() throws {
    let first = try playlist([(4, 2), (5, 2)], sequence: 4, discontinuities: [4])
    let followers: [(HLSPlaylist, String)] = [
      (try playlist([(3, 2), (4, 2), (5, 2)], sequence: 3, discontinuities: [4]), "MEDIA-SEQUENCE"),
      (try playlist([(5, 2), (6, 2)], sequence: 5, target: 3, gone: 1), "TARGETDURATION"),
      (try playlist([(5, 2), (6, 2)], sequence: 5), "DISCONTINUITY-SEQUENCE"),
      (try playlist([(5, 1.9), (6, 2)], sequence: 5, gone: 1), "segment 5 was"),
      (try playlist([(4, 2)], sequence: 4, discontinuities: [4]), "last segment went"),
      (try playlist([(9, 2), (10, 2)], sequence: 9, gone: 1), "never listed"),
    ]
    for (next, problem) in followers {
      var history = HLSHistory()
      history.take(first)
      history.take(next)
      #expect(history.problems.contains { $0.contains(problem) }, "\(problem): \(history.problems)")
    }
    var history = HLSHistory()
    history.take(try playlist([(4, 2)], sequence: 4, end: "#EXT-X-ENDLIST\n"))
    history.take(try playlist([(4, 2), (5, 2)], sequence: 4))
    #expect(history.problems.contains { $0.contains("ENDLIST") })
  }
}
