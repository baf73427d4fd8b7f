import Identifiers
import MediaLog
import Testing

@Suite struct PlaylistTests {
  @Test func thePlaylistIsExactlyThis() {
    var log = MadeLog(listSize: 2)
    let wall: Int64 = 1_795_234_462_827
    log.segment(wall: wall)
    log.segment(seconds: 2.04, wall: wall + 2_000)
    log.segment(splice: true, wall: wall + 9_000)
    log.segment(wall: wall + 11_000)
    #expect(
      log.playlistText == """
        #EXTM3U
        #EXT-X-VERSION:3
        #EXT-X-TARGETDURATION:2
        #EXT-X-MEDIA-SEQUENCE:1
        #EXT-X-DISCONTINUITY-SEQUENCE:0
        #EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:14:24.827Z
        #EXTINF:2.040000,
        s1
        #EXT-X-DISCONTINUITY
        #EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:14:31.827Z
        #EXTINF:2.000000,
        s2

        """)
    log.segment(wall: wall + 13_000)
    log.segment(wall: wall + 15_000)
    #expect(log.playlistText?.contains("#EXT-X-MEDIA-SEQUENCE:3\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n") == true)
  }

  @Test func thereIsNoneBeforeASegmentIsComplete() {
    var log = MadeLog()
    #expect(log.playlistText == nil)
    log.seal(starts: true)
    log.commit()
    #expect(log.playlistText == nil)
    log.seal(starts: true)
    #expect(log.playlistText == nil, "sealed is not committed")
    log.commit()
    #expect(log.playlistText?.hasSuffix("s0\n") == true)
  }

  @Test func thereIsNoneWithoutATarget() {
    var log = MadeLog()
    log.segment(target: nil)
    log.segment(target: nil)
    #expect(log.playlistText == nil)
    log.segment(target: 2)
    #expect(log.playlistText?.hasSuffix("s1\n") == true)
  }

  @Test func theEndIsToldOnceAllIsCommitted() {
    var log = MadeLog()
    log.segment()
    log.seal(starts: true)
    log.seal()
    log.commit(1)
    log.finish()
    #expect(log.playlistText?.hasSuffix("s0\n") == true, "the last segment is not whole yet")
    #expect(!log.snapshot.isFinal)
    log.commit()
    #expect(log.playlistText?.hasSuffix("#EXTINF:2.000000,\ns1\n#EXT-X-ENDLIST\n") == true)
    #expect(log.snapshot.isFinal)
  }

  @Test(arguments: [LogEnd.stopped, .failed]) func anyOtherEndIsNotTold(_ end: LogEnd) {
    var log = MadeLog()
    log.segment()
    log.finish(end)
    #expect(log.playlistText?.contains("ENDLIST") == false)
  }

  @Test func aFilmShorterThanASegmentHasAPlaylistOfOne() {
    var log = MadeLog()
    log.seal(seconds: 1.6, starts: true, target: nil)
    log.commit()
    log.finish()
    #expect(log.playlistText?.contains("#EXT-X-TARGETDURATION:2\n#EXT-X-MEDIA-SEQUENCE:0\n") == true)
    #expect(log.playlistText?.hasSuffix("#EXTINF:1.600000,\ns0\n#EXT-X-ENDLIST\n") == true)
  }

  @Test func anEmptyLogEndsWithoutAPlaylist() {
    var log = MadeLog()
    log.finish()
    #expect(log.playlistText == nil)
    #expect(log.snapshot.isFinal)
  }

  @Test func removedSegmentsStayFetchableAndUnlistedOnesAreNot() {
    var log = MadeLog(listSize: 3)
    for _ in 0..<8 { log.segment() }
    #expect(log.playlist.firstListed == SegmentNumber(4) && log.playlist.lastListed == SegmentNumber(6))
    for number in UInt64(0)...6 { #expect(HLSView.segment(SegmentNumber(number), of: log.snapshot) != nil) }
    #expect(HLSView.segment(SegmentNumber(7), of: log.snapshot) == nil, "not complete")
    #expect(HLSView.segment(SegmentNumber(99), of: log.snapshot) == nil)
  }

  @Test func aSegmentWhoseBeginningIsGoneIsGone() {
    var log = MadeLog(listSize: 3, seconds: 7)
    for _ in 0..<6 { log.segment() }
    // Seven seconds reach back into the middle of segment 2.
    #expect(HLSView.segments(of: log.window).first?.number == SegmentNumber(2))
    #expect(HLSView.segment(SegmentNumber(2), of: log.snapshot) == nil)
    #expect(HLSView.segment(SegmentNumber(3), of: log.snapshot)?.parts.count == 2)
  }

  @Test func aWindowBoundedByBytesShortensTheList() {
    var wide = MadeLog(listSize: 20, seconds: 3_600)
    var narrow = MadeLog(listSize: 20, seconds: 3_600, bytes: 20 * 2 * 65_536)
    for _ in 0..<40 {
      wide.segment(bytes: 65_424)
      narrow.segment(bytes: 65_424)
    }
    #expect(count(wide) == 20)
    #expect(count(narrow) == 9, "half of twenty, less one")
  }

  @Test func threeSegmentsAreListedHoweverShortTheWindow() {
    var log = MadeLog(listSize: 10, seconds: 8)
    for _ in 0..<20 { log.segment() }
    #expect(count(log) == 3)
  }

  @Test func aSegmentKeepsItsTagAndTheTagChangesWithContent() throws {
    var log = MadeLog()
    for _ in 0..<3 { log.segment() }
    let tag = try #require(HLSView.segment(SegmentNumber(1), of: log.snapshot)).entityTag
    log.segment()
    #expect(HLSView.segment(SegmentNumber(1), of: log.snapshot)?.entityTag == tag)
    #expect(tag == "\"1-1-3760\"")
    #expect(HLSView.segment(SegmentNumber(0), of: log.snapshot)?.entityTag != tag)
  }

  @Test func aChunkThatTheStoreNeverGotBreaksWhatItMayHaveBelongedTo() {
    var log = MadeLog()
    for _ in 0..<3 { log.segment() }
    log.seal(starts: true)
    log.commit()
    log.seal()
    log.drop()
    log.seal()
    for _ in 0..<3 { log.segment() }
    #expect(log.playlist.firstListed == SegmentNumber(4), "segment 3 is not whole; the list begins behind it")
    #expect(HLSView.segment(SegmentNumber(3), of: log.snapshot) == nil)
    #expect(HLSView.segment(SegmentNumber(2), of: log.snapshot) != nil)
  }

  private func count(_ log: MadeLog) -> Int {
    guard let first = log.playlist.firstListed, let last = log.playlist.lastListed else { return 0 }
    return Int(last.value - first.value) + 1
  }
}
