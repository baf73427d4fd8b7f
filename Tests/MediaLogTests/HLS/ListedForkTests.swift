import Identifiers
import MediaLog
import TestKit
import Testing

/// A worker that was cut off has told its viewers of segments that the stream's log gives to other media.
@Suite struct ListedForkTests {
  private static let grace = Duration.seconds(60)
  private let start = ContinuousClock.now

  /// What a viewer of one worker is told, step by step.
  private struct Viewer {
    private(set) var history = HLSHistory()
    private var media: [Int: [Chunk]] = [:]

    mutating func read(_ log: MadeLog) throws {
      let playlist = try HLSPlaylist(try #require(log.playlistText))
      history.take(playlist)
      for segment in playlist.segments { try fetch(segment.number, log) }
    }

    /// What was ever listed and is not gone is what it was.
    mutating func fetch(_ number: Int, _ log: MadeLog) throws {
      let found = HLSView.segment(SegmentNumber(UInt64(number)), of: log.snapshot)
      let chunks = try #require(found, "segment \(number)").parts.map(\.chunk)
      let known = media[number, default: chunks]
      #expect(known.elementsEqual(chunks, by: ===), "segment \(number) is other media")
      media[number] = chunks
    }
  }

  /// `other` is what the store has: the log's own from now on.
  private func follow(_ log: inout MadeLog, _ other: MadeLog, now: ContinuousClock.Instant) {
    log.window = other.window
    log.playlist.committed(log.window, now: now)
  }

  struct Case: Sendable, CustomTestStringConvertible {
    /// Segments that the worker listed alone, and those that the other had by then.
    let alone: Int
    let others: Int
    /// Discontinuities that the worker's own viewers had.
    var splices = 0
    let jumps: Bool

    var testDescription: String { "\(alone) alone, \(others) elsewhere, \(splices) splices" }
  }

  @Test(
    arguments: [
      Case(alone: 4, others: 1, jumps: true), Case(alone: 3, others: 3, jumps: false),
      Case(alone: 3, others: 6, jumps: false), Case(alone: 25, others: 2, jumps: true),
      Case(alone: 5, others: 2, splices: 2, jumps: true), Case(alone: 3, others: 3, splices: 1, jumps: false),
    ])
  func viewersGoOnWithoutAStepBack(_ given: Case) throws {
    var log = MadeLog(seconds: 90)
    for _ in 0..<12 { log.segment() }
    var owner = log
    var viewer = Viewer()
    for number in 0..<given.alone {
      log.segment(splice: number < given.splices)
      try viewer.read(log)
    }
    for number in 0..<given.others { owner.segment(splice: number == 0) }
    let before = log.playlistText
    let last = try #require(log.playlist.lastListed)

    log.playlist.forked(log.window, grace: Self.grace, now: start)
    log.window = owner.window
    #expect(log.playlistText == before, "what was listed stays")
    follow(&log, owner, now: start)
    let missing = log.playlist.missingNumber(log.window)
    #expect((missing != nil) == given.jumps)
    if let missing { owner.floor = missing }
    var waited = 0
    for _ in 0..<40 {
      owner.segment()
      follow(&log, owner, now: start)
      try viewer.read(log)
      if log.playlist.lastListed == last { waited += 1 }
      try viewer.fetch(Int(last.value), log)
    }
    #expect(waited <= 2)
    #expect(viewer.history.problems == [])
    #expect(log.playlist.firstListed == owner.playlist.firstListed)
    #expect(log.playlist.lastListed == owner.playlist.lastListed)
    #expect(log.playlist.missingNumber(log.window) == nil)
    if given.splices == 0 { #expect(log.playlistText == owner.playlistText) }
  }

  @Test func whatWasListedIsForgottenAfterItsGrace() throws {
    var log = MadeLog()
    for _ in 0..<6 { log.segment() }
    var owner = log
    for _ in 0..<3 { log.segment() }
    weak let chunk = try #require(log.window.last?.chunk)
    let last = try #require(log.playlist.lastListed)
    log.playlist.forked(log.window, grace: Self.grace, now: start)
    owner.segment(splice: true)
    follow(&log, owner, now: start + .seconds(100))
    #expect(HLSView.segment(last, of: log.snapshot) != nil, "listed, and nothing else is")
    for _ in 0..<12 { owner.segment() }
    follow(&log, owner, now: start + .seconds(59))
    for _ in 0..<12 { owner.segment() }
    #expect(HLSView.segment(last, of: log.snapshot) != nil)
    follow(&log, owner, now: start + .seconds(61))
    #expect(chunk == nil)
    #expect(log.playlistText == owner.playlistText)
  }

  /// Numbers of a log that was begun alone are those of the time of day.
  @Test func aLogThatWasBegunAloneGivesWayWithoutAStepBack() throws {
    var log = MadeLog()
    for _ in 0..<3 { log.segment() }
    log.floor = SegmentNumber(1_795_234_462)
    for _ in 0..<8 { log.segment(target: 2) }
    var owner = MadeLog()
    for _ in 0..<20 { owner.segment(target: 3) }
    var viewer = Viewer()
    try viewer.read(log)
    log.playlist.forked(log.window, grace: Self.grace, now: start)
    follow(&log, owner, now: start)
    owner.floor = try #require(log.playlist.missingNumber(log.window))
    for _ in 0..<30 {
      owner.segment(target: 3)
      follow(&log, owner, now: start)
      try viewer.read(log)
    }
    #expect(viewer.history.problems == ["EXT-X-TARGETDURATION changed from 2 to 3"])
    #expect(log.playlistText != nil && log.playlist.firstListed == owner.playlist.firstListed)
  }

  /// What was never listed has nothing to keep.
  @Test func aLogWithoutAPlaylistTakesTheOthers() {
    var log = MadeLog()
    log.seal(starts: true, target: 9)
    log.commit()
    var owner = MadeLog()
    for _ in 0..<4 { owner.segment(target: 3) }
    log.playlist.forked(log.window, grace: Self.grace, now: start)
    follow(&log, owner, now: start)
    #expect(log.playlist.missingNumber(log.window) == nil)
    #expect(log.playlistText == owner.playlistText)
  }

  /// The store, and all who knew the log, have lost it; a follower is left.
  @Test func aFollowerOfALogThatBeginsAnewKeepsItsPlaylist() throws {
    var lost = MadeLog()
    lost.segment()
    lost.floor = SegmentNumber(500)
    for _ in 0..<6 { lost.segment() }
    let log = StreamLog(id: Made.stream, limits: lost.limits, listSize: lost.listSize)
    log.take(lost.stored)
    let before = try #require(HLSView.playlist(of: log.snapshot()) { "s\($0)" })
    #expect(before == lost.playlistText)
    var owner = MadeLog()
    owner.epoch = 2
    for _ in 0..<4 { owner.segment() }
    log.take(owner.stored)
    #expect(HLSView.playlist(of: log.snapshot()) { "s\($0)" } == before)
    owner.floor = try #require(log.missingNumber)
    #expect(owner.floor == lost.playlist.lastListed)
    for _ in 0..<3 { owner.segment() }
    log.take(Array(owner.stored.suffix(6)))
    #expect(log.missingNumber == nil)
    #expect(log.snapshot().playlist.firstListed == owner.playlist.firstListed)
  }

  @Test func behindAJumpThePlaylistBeginsAnewWithTwo() throws {
    var log = MadeLog(listSize: 4)
    for _ in 0..<8 { log.segment() }
    let before = log.playlistText
    log.floor = SegmentNumber(100)
    log.segment()
    #expect(HLSView.segments(of: log.window).last?.number == SegmentNumber(101))
    #expect(log.playlist.lastListed == SegmentNumber(7), "complete now")
    let rests = log.playlistText
    log.segment()
    #expect(log.playlistText == rests && rests != before)
    log.segment()
    #expect(log.playlist.firstListed == SegmentNumber(101) && log.playlist.lastListed == SegmentNumber(102))
    for _ in 0..<6 { log.segment() }
    #expect(log.playlist.firstListed == SegmentNumber(105) && log.playlist.lastListed == SegmentNumber(108))
    for number in UInt64(4)...7 { #expect(HLSView.segment(SegmentNumber(number), of: log.snapshot) != nil) }
  }

  @Test func aLogThatEndsBehindAJumpListsWhatThereIs() {
    var log = MadeLog()
    for _ in 0..<4 { log.segment() }
    log.floor = SegmentNumber(9)
    log.segment()
    log.finish()
    #expect(log.playlist.firstListed == SegmentNumber(10) && log.playlist.lastListed == SegmentNumber(10))
    #expect(log.playlistText?.hasSuffix("s10\n#EXT-X-ENDLIST\n") == true)
  }
}
