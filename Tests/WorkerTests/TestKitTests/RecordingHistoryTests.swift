import TestKit
import Testing

/// The checker of recordings finds each thing that a recording may do wrong, and nothing in one that is right.
@Suite struct RecordingHistoryTests {
  /// Segments of 6 s with a number, some of them the first of their PTS line.
  private struct Listing {
    var mediaSequence = 0
    var discontinuitySequence = 0
    var target = 6
    var segments: [(uri: String, seconds: String, date: String)] = (0..<4).map { Self.segment($0) }
    /// Places in the playlist, not numbers.
    var discontinuities: Set<Int> = [2]

    static func segment(_ number: Int) -> (uri: String, seconds: String, date: String) {
      ("segments/\(number).ts", "6.000", "2026-11-21T04:14:\(10 + 6 * number).000Z")
    }

    var text: String {
      var lines = [
        "#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:\(target)", "#EXT-X-MEDIA-SEQUENCE:\(mediaSequence)",
        "#EXT-X-DISCONTINUITY-SEQUENCE:\(discontinuitySequence)",
      ]
      for (place, segment) in segments.enumerated() {
        if discontinuities.contains(place) { lines.append("#EXT-X-DISCONTINUITY") }
        lines.append("#EXT-X-PROGRAM-DATE-TIME:\(segment.date)")
        lines += ["#EXTINF:\(segment.seconds),", segment.uri]
      }
      return lines.joined(separator: "\n") + "\n"
    }
  }

  /// Of those four: two lines of two.
  private static let times = [0, 1, 0, 1].map { place in
    SegmentTimes(first: 90_000 + place * 540_000, end: 90_000 + (place + 1) * 540_000)
  }

  private func history(_ change: (inout [SegmentTimes]) -> Void = { _ in }) -> RecordingHistory {
    var times = Self.times
    change(&times)
    var history = RecordingHistory()
    history.take(Listing().text)
    for (number, time) in times.enumerated() { history.measured("segments/\(number).ts", time) }
    return history
  }

  @Test func aRecordingThatIsRightHasNoProblem() {
    var history = history()
    #expect(history.unmeasured.isEmpty)
    var next = Listing(mediaSequence: 2, discontinuitySequence: 1, discontinuities: [])
    next.segments = (2..<6).map { Listing.segment($0) }
    history.take(next.text)
    for uri in history.listed { history.answered(uri, 200) }
    #expect(history.unmeasured == ["segments/4.ts", "segments/5.ts"])
    history.measured("segments/4.ts", SegmentTimes(first: 1_170_000, end: 1_710_050))
    #expect(history.problems == [])
    #expect(history.polls == 2 && history.count == 6 && history.lines == 2 && history.mediaSequence == 2)
  }

  private static let listings: [(words: String, change: @Sendable (inout Listing) -> Void)] = [
    ("EXT-X-TARGETDURATION went from 6 to 7", { $0.target = 7 }),
    ("target 5", { $0.target = 5 }),
    ("the end fell below segment 3", { $0.segments.removeLast() }),
    ("segment 1 was", { $0.segments[1].uri = "segments/7.ts" }),
    ("segment 1 was", { $0.segments[1].seconds = "5.999" }),
    ("segment 1 was", { $0.segments[1].date = "2026-11-21T04:14:16.001Z" }),
    ("segment 2 was", { $0.discontinuities = [] }),
    ("segment 3 was", { $0.discontinuities = [2, 3] }),
    ("segment 0 was", { $0.discontinuitySequence = 1 }),
    ("segments/0.ts is segment 0 and 4", { $0.segments.append(Listing.segment(0)) }),
  ]

  @Test(arguments: listings.indices) func whatALaterPlaylistMayNotSayIsFound(index: Int) {
    let (words, change) = Self.listings[index]
    var history = history()
    var next = Listing()
    change(&next)
    history.take(next.text)
    #expect(history.problems.contains { $0.contains(words) }, "\(history.problems)")
  }

  @Test func numbersThatFallAreFound() {
    var history = history()
    let later = Listing(mediaSequence: 1, segments: (1..<4).map { Listing.segment($0) }, discontinuities: [1])
    history.take(later.text)
    #expect(history.problems == [])
    history.take(Listing().text)
    #expect(history.problems == ["EXT-X-MEDIA-SEQUENCE fell from 1 to 0"])
  }

  @Test func aPlaylistWithoutTimesIsFound() {
    var history = RecordingHistory()
    let lines = Listing().text.split(separator: "\n").filter { !$0.contains("DATE-TIME") }
    history.take(lines.joined(separator: "\n") + "\n")
    #expect(history.problems.contains("segment 0 has no EXT-X-PROGRAM-DATE-TIME"))
  }

  private static let measures: [(words: String, change: @Sendable (inout [SegmentTimes]) -> Void)] = [
    ("segments/1.ts: EXTINF 6.0", { $0[1] = SegmentTimes(first: 630_000, end: 1_169_900) }),
    ("segments/1.ts: PTS 720000 after 630000 without", { $0[1] = SegmentTimes(first: 720_000, end: 1_260_000) }),
    ("segments/2.ts: EXT-X-DISCONTINUITY where", { $0[2] = SegmentTimes(first: 1_170_000, end: 1_710_000) }),
  ]

  @Test(arguments: measures.indices) func whatTheSegmentsMayNotBeIsFound(index: Int) {
    let history = history(Self.measures[index].change)
    #expect(history.problems.contains { $0.hasPrefix(Self.measures[index].words) }, "\(history.problems)")
  }

  @Test func whatIsNotThereOrNoSegmentIsFound() {
    var history = history()
    history.answered("segments/3.ts", 404)
    history.fetched("segments/3.ts", [1, 2, 3])
    history.measured("segments/9.ts", Self.times[0])
    history.measured("segments/3.ts", SegmentTimes(first: 630_010, end: 1_170_010))
    #expect(
      history.problems == [
        "segments/3.ts: 404", "segments/3.ts: 3 bytes are no segment", "segments/9.ts was never listed",
        "segments/3.ts: its PTS changed",
      ])
  }
}
