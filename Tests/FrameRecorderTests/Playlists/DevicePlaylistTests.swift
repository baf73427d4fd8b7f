import TestKit
import Testing

@testable import FrameRecorder

@Suite struct DevicePlaylistTests {
  private func text(_ segments: [RecordedSegment], _ kind: DevicePlaylist.Kind, suffix: String = "") -> String {
    String(decoding: DevicePlaylist.render(segments, kind, target: 6, suffix: suffix), as: UTF8.self)
  }

  private func twoSessions() -> [RecordedSegment] {
    var recording = MadeRecording(number: 1_042, mediaSequence: 1_040, discontinuity: 17)
    recording.add(15_262.827)
    recording.skipNumbers(998_956)
    recording.add(15_268.827, 5.0005)
    recording.startSession()
    recording.add(20_000, 1)
    return recording.segments
  }

  @Test func aLivePlaylistByteForByte() throws {
    let segments = twoSessions()
    let sessions = try [segments[0], segments[2]].map { try #require($0.session) }
    #expect(
      text(segments, .live) == """
        #EXTM3U
        #EXT-X-VERSION:3
        #EXT-X-TARGETDURATION:6
        #EXT-X-MEDIA-SEQUENCE:1040
        #EXT-X-DISCONTINUITY-SEQUENCE:17
        #EXT-X-INDEPENDENT-SEGMENTS
        #MILLRACE-SESSION:\(sessions[0])
        #EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:14:22.827Z
        #EXTINF:6.000,
        segments/seg_001042.ts
        #EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:14:28.827Z
        #EXTINF:5.001,
        segments/seg_999999.ts
        #EXT-X-DISCONTINUITY
        #MILLRACE-SESSION:\(sessions[1])
        #EXT-X-PROGRAM-DATE-TIME:2026-11-21T05:33:20.000Z
        #EXTINF:1.000,
        segments/seg_1000000.ts

        """)
  }

  @Test func anArchiveIsNumberedFromZeroAndMarksItsGaps() throws {
    var recording = MadeRecording(number: 7, mediaSequence: 50, discontinuity: 3)
    for place in 0..<4 { recording.add(Double(place * 6), place == 3 ? 2.5 : 5.2) }
    let session = try #require(recording.segments[0].session)
    #expect(
      text([0, 1, 3].map { recording.segments[$0] }, .archive) == """
        #EXTM3U
        #EXT-X-VERSION:3
        #EXT-X-PLAYLIST-TYPE:VOD
        #EXT-X-TARGETDURATION:6
        #EXT-X-MEDIA-SEQUENCE:0
        #EXT-X-DISCONTINUITY-SEQUENCE:0
        #EXT-X-INDEPENDENT-SEGMENTS
        #MILLRACE-SESSION:\(session)
        #EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:00.000Z
        #EXTINF:5.200,
        segments/seg_000007.ts
        #EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:06.000Z
        #EXTINF:5.200,
        segments/seg_000008.ts
        #EXT-X-DISCONTINUITY
        #EXT-X-PROGRAM-DATE-TIME:2026-11-21T00:00:18.000Z
        #EXTINF:2.500,
        segments/seg_000010.ts
        #EXT-X-ENDLIST

        """)
  }

  @Test func anArchivesTargetIsItsLongestSegment() throws {
    for (duration, target) in [(6.0, 6), (6.001, 7), (0.2, 1)] {
      var recording = MadeRecording()
      recording.add(0, duration)
      #expect(try HLSPlaylist(text(recording.segments, .archive)).targetDuration == target)
    }
  }

  @Test func aSuffixStandsBehindEachURI() throws {
    let playlist = try HLSPlaylist(text(twoSessions(), .closed, suffix: "?exp=5&sig=a"))
    #expect(playlist.segments.map(\.uri).allSatisfy { $0.hasSuffix(".ts?exp=5&sig=a") })
    #expect(playlist.hasEnded && playlist.mediaSequence == 1_040)
  }

  @Test func withoutASessionThereIsNoLineOfOne() {
    var segment = twoSessions()[0]
    segment.session = nil
    #expect(!text([segment], .live).contains("MILLRACE"))
  }

  @Test(
    arguments: [
      ("seg_000000.ts", 0), ("seg_000042.ts", 42), ("seg_1000000.ts", 1_000_000), ("seg_0000042.ts", nil),
      ("seg_42.ts", nil), ("seg_000042.mp4", nil), ("seg_00004a.ts", nil), (".seg_000042.1.tmp", nil), ("", nil),
      ("seg_99999999999999999999.ts", nil), ("seg_-00042.ts", nil),
    ] as [(String, UInt64?)])
  func namesOfSegments(name: String, number: UInt64?) {
    #expect(SegmentName.number(of: name) == number)
    if let number { #expect(SegmentName.text(number) == name) }
  }

  // MARK: Windows

  private func numbers(_ window: PlaylistWindow, _ recording: MadeRecording, now: Double = 1e6) -> [UInt64]? {
    let now = FrameTime(milliseconds: 1_795_219_200_000 + Int64(now * 1_000))
    return window.select(recording.segments, now: now)?.segments.map(\.number)
  }

  private func window(last: String? = nil, from: String? = nil, to: String? = nil) throws -> PlaylistWindow {
    try PlaylistWindow(last: last, from: from, to: to)
  }

  /// Segments 0, 1, 2 of 6 s from 0, 6 and 12 s on; 3 is late, of 3 s; 4 begins at 18 s.
  private var recording: MadeRecording {
    var recording = MadeRecording()
    for capture in [0.0, 6, 12, 3, 18] { recording.add(capture) }
    return recording
  }

  @Test(arguments: [
    ("1", [4]), ("6.1", [2, 3, 4]), ("12", [2, 3, 4]), ("13", [1, 2, 3, 4]), ("600", [0, 1, 2, 3, 4]),
  ])
  func theNewestSeconds(last: String, expected: [UInt64]) throws {
    #expect(try numbers(window(last: last), recording) == expected)
  }

  @Test func aWindowInThePastHasExactlyWhatMeetsIt() throws {
    let past = try window(from: "2026-11-21T00:00:06Z", to: "2026-11-21T00:00:08.999Z")
    #expect(numbers(past, recording) == [1, 3])
    #expect(past.select(recording.segments, now: FrameTime(milliseconds: 1_795_219_300_000))?.isClosed == true)
    #expect(numbers(try window(from: "2026-11-21T00:00:24Z", to: "2026-11-21T00:00:25Z"), recording) == nil)
    #expect(numbers(try window(to: "2026-11-21T00:00:02Z"), recording) == [0])
    let edge = try window(from: "2026-11-21T00:00:17.999Z", to: "2026-11-21T00:00:18Z")
    #expect(numbers(edge, recording) == [2, 4])
  }

  @Test func aWindowThatIsOpenGoesOnWithoutGaps() throws {
    let open = try window(from: "2026-11-21T00:00:10Z")
    #expect(numbers(open, recording) == [1, 2, 3, 4])
    #expect(open.select(recording.segments, now: FrameTime(milliseconds: 0))?.isClosed == false)
    let future = try window(from: "2026-11-21T00:00:13Z", to: "2026-11-21T00:00:30Z")
    #expect(numbers(future, recording, now: 20) == [2, 3, 4])
    #expect(numbers(.whole, recording) == [0, 1, 2, 3, 4] && numbers(.whole, MadeRecording()) == nil)
    #expect(numbers(.last(milliseconds: 5), MadeRecording()) == nil)
  }

  @Test func badQueriesAreNamed() {
    for last in ["", "0", "-5", "x", "nan", "inf", "1e10"] {
      #expect(throws: PlaylistWindow.Failure.badValue(name: "last")) { try window(last: last) }
    }
    #expect(throws: PlaylistWindow.Failure.badValue(name: "from")) { try window(from: "x") }
    #expect(throws: PlaylistWindow.Failure.badValue(name: "to")) { try window(from: "1", to: "") }
    #expect(throws: PlaylistWindow.Failure.emptyRange) { try window(from: "5", to: "5") }
    #expect(throws: PlaylistWindow.Failure.contradiction) { try window(last: "5", to: "5") }
  }

  // MARK: Import

  @Test(arguments: 1...20) func whatIsWrittenIsReadBack(seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var recording = MadeRecording(
      seed: seed, number: .random(in: 0...2_000_000, using: &generator),
      mediaSequence: .random(in: 0...500, using: &generator), discontinuity: .random(in: 0...9, using: &generator))
    var capture = 0.0
    for _ in 0..<Int.random(in: 1...60, using: &generator) {
      recording.add(capture, Double(Int.random(in: 34...6_000, using: &generator)) / 1_000)
      capture += .random(in: -50...100, using: &generator)
      if Int.random(in: 0..<6, using: &generator) == 0 { recording.startSession() }
      if Bool.random(using: &generator) { recording.skipNumbers(2) }
    }
    let text = DevicePlaylist.render(recording.segments, .live, target: 6)
    let playlist = try HLSPlaylist(String(decoding: text, as: UTF8.self))
    #expect(playlist.segments.count == recording.segments.count && !playlist.hasEnded)
    let imported = try #require(ImportedPlaylist.parse(text), "seed \(seed)")
    #expect(imported.target == 6)
    #expect(
      imported.segments
        == recording.segments.map {
          ImportedPlaylist.Segment(
            number: $0.number, session: $0.session, mediaSequence: $0.mediaSequence,
            discontinuitySequence: $0.discontinuitySequence, captureStart: $0.captureStart, duration: $0.duration)
        }, "seed \(seed)")
    // Cut anywhere else than at a line's end, it is none.
    let end = Int.random(in: 0..<text.count - 1, using: &generator)
    if end == 0 || text[end - 1] != UInt8(ascii: "\n") { #expect(ImportedPlaylist.parse(Array(text[..<end])) == nil) }
  }

  @Test(arguments: [
    ("#MILLRACE-SESSION:", "#OTHER-SESSION:"), ("#EXTINF:6.000,", "#EXTINF:6,"), ("#EXTINF:6.000,\n", ""),
    ("#EXT-X-MEDIA-SEQUENCE:1040\n", ""), ("segments/seg_001042.ts", "segments/../seg_001042.ts"),
    ("segments/seg_001042.ts", "seg_001042.ts"), ("TARGETDURATION:6", "TARGETDURATION:0"), ("#EXTM3U", "#EXTM4U"),
    ("2026-11-21T04:14:22.827Z", "yesterday"),
    ("segments/seg_1000000.ts\n", "segments/seg_1000000.ts\n#EXT-X-ENDLIST\n"),
    ("17\n", "x\n"), ("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T05:33:20.000Z\n", ""),
  ])
  func whatIsNotOursIsNotRead(old: String, new: String) throws {
    let text = text(twoSessions(), .live)
    let range = try #require(text.ranges(of: old).first)
    var changed = text
    changed.replaceSubrange(range, with: new)
    if old.hasPrefix("#MILLRACE") { changed = text.replacing(old, with: new) }
    #expect(ImportedPlaylist.parse(Array(text.utf8)) != nil)
    #expect(ImportedPlaylist.parse(Array(changed.utf8)) == nil)
  }

  @Test func garbageIsNotRead() {
    #expect(ImportedPlaylist.parse([]) == nil && ImportedPlaylist.parse([10]) == nil)
    var generator = SeededGenerator(seed: 3)
    let text = DevicePlaylist.render(twoSessions(), .live, target: 6)
    for _ in 0..<500 {
      var broken = text
      broken[Int.random(in: 0..<broken.count, using: &generator)] = .random(in: 0...255, using: &generator)
      _ = ImportedPlaylist.parse(broken)
    }
  }
}
