import Identifiers
import MediaLog
import TestKit
import Testing

/// Random logs with late commits, chunks that the store never got, splices and ends: what every playlist owes its readers.
@Suite struct PlaylistPropertyTests {
  /// What has been seen of a segment in some playlist.
  private struct Seen: Equatable {
    var duration: Double
    var isDiscontinuous: Bool
    /// Of the log, up to and with the segment.
    var discontinuities: Int
    var content: [ChunkNumber]
  }

  private struct Reader {
    var seen: [Int: Seen] = [:]
    var lastSequence = 0
    var target: Int?
    var newest = -1
    private var lastText = ""

    mutating func read(_ log: MadeLog) throws {
      guard let text = log.playlistText, text != lastText else { return }
      lastText = text
      let playlist = try HLSPlaylist(text)
      #expect(playlist.mediaSequence >= lastSequence, "MEDIA-SEQUENCE only grows")
      lastSequence = playlist.mediaSequence
      #expect(target == nil || target == playlist.targetDuration, "TARGETDURATION is constant")
      target = playlist.targetDuration
      var discontinuities = playlist.discontinuitySequence
      for segment in playlist.segments {
        if segment.isDiscontinuous { discontinuities += 1 }
        #expect(segment.uri == "s\(segment.number)", "MEDIA-SEQUENCE plus the place is the number")
        let content = HLSView.segment(SegmentNumber(UInt64(segment.number)), of: log.snapshot)?.parts.map(
          \.chunk.number)
        let now = Seen(
          duration: segment.duration, isDiscontinuous: segment.isDiscontinuous, discontinuities: discontinuities,
          content: try #require(content, "what is listed can be fetched"))
        #expect(seen[segment.number, default: now] == now, "a segment never changes")
        seen[segment.number] = now
      }
      let last = playlist.segments.last?.number ?? -1
      #expect(last >= newest)
      newest = last
    }
  }

  @Test(arguments: UInt64(1)...24) func everyPlaylistIsTrueToThoseBefore(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var log = MadeLog(
      listSize: Int.random(in: 1...12, using: &generator), seconds: Double.random(in: 8...60, using: &generator),
      bytes: Bool.random(using: &generator) ? 1 << 30 : Int.random(in: 1_000_000...4_000_000, using: &generator))
    var reader = Reader()
    let drops = seed % 3 == 0
    for _ in 0..<200 {
      let (size, splice) = (
        188 * Int.random(in: 1...200, using: &generator), Int.random(in: 0..<30, using: &generator) == 0
      )
      let starts = splice || Int.random(in: 0..<5, using: &generator) == 0
      log.seal(seconds: 0.1, bytes: size, starts: starts || log.window.items.isEmpty, splice: splice, target: 60)
      if drops, Int.random(in: 0..<60, using: &generator) == 0 { log.drop() }
      if Int.random(in: 0..<3, using: &generator) > 0 { log.commit(Int.random(in: 1...4, using: &generator)) }
      try reader.read(log)
    }
    log.commit()
    log.finish()
    try reader.read(log)
    #expect(reader.seen.count > 5)
    #expect(log.playlistText?.hasSuffix("#EXT-X-ENDLIST\n") == true)
    #expect(drops || reader.newest == log.lastReceipt.map { Int($0.segment.value) })
  }

  /// RFC 8216 §6.2.2: a segment that was removed can be fetched for its own length and that of the longest playlist that
  /// named it. Segments of one to three seconds, a window of 40.
  @Test(arguments: UInt64(1)...6) func removedSegmentsStayForTheirGrace(_ seed: UInt64) throws {
    var generator = SeededGenerator(seed: seed)
    var log = MadeLog(listSize: 30, seconds: 40)
    var time = 0.0
    var longestPlaylist: [Int: Double] = [:]
    var removedAt: [Int: Double] = [:]
    var durations: [Int: Double] = [:]
    var graces = 0
    var lastText = ""
    for _ in 0..<100 {
      let chunks = Int.random(in: 4...12, using: &generator)
      for chunk in 0..<chunks {
        log.seal(seconds: 0.25, starts: chunk == 0, target: 3)
        log.commit()
        time += 0.25
        guard let text = log.playlistText else { continue }
        if text != lastText {
          lastText = text
          let playlist = try HLSPlaylist(text)
          let total = playlist.segments.reduce(0) { $0 + $1.duration }
          let listed = Set(playlist.segments.map(\.number))
          for segment in playlist.segments {
            durations[segment.number] = segment.duration
            longestPlaylist[segment.number] = max(longestPlaylist[segment.number] ?? 0, total)
          }
          for number in durations.keys where !listed.contains(number) && removedAt[number] == nil {
            removedAt[number] = time
          }
        }
        for (number, removed) in removedAt where removed < .infinity {
          let grace = (durations[number] ?? 0) + (longestPlaylist[number] ?? 0)
          if HLSView.segment(SegmentNumber(UInt64(number)), of: log.snapshot) == nil {
            // Two chunks: the one whose commit completes a segment, and the one that pushes the other out.
            #expect(time - removed >= grace - 0.5, "seed \(seed), segment \(number)")
            removedAt[number] = .infinity
            graces += 1
          }
        }
      }
    }
    #expect(graces > 30)
  }
}
