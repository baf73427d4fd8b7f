package import Identifiers
internal import Observability

/// HLS as a view of the log (RFC 8216): segments are runs of chunks, playlists are made of entries. Nothing is stored.
package enum HLSView {
  package struct Segment: Sendable {
    package let number: SegmentNumber
    /// The chunks with their byte counts, in order.
    package var parts: [(chunk: Chunk, byteCount: Int)]
    /// 90 kHz.
    package var duration: Int64
    package fileprivate(set) var followsDiscontinuity: Bool
    /// Discontinuities of the log before this segment's own.
    package fileprivate(set) var discontinuitiesBefore: UInt64
    package let wallMilliseconds: Int64
    /// The log left numbers out before this segment (`ChunkStore.raise`). No playlist names what lies on both sides.
    package fileprivate(set) var followsJump = false
    /// The segment's first chunk is still in the window, and the store has all that lies between it and the last.
    package fileprivate(set) var isWhole: Bool

    package var byteCount: Int { parts.reduce(0) { $0 + $1.byteCount } }
    /// A strong validator: a segment of a number never changes.
    package var entityTag: String { "\"\(parts.first?.chunk.header.epoch.value ?? 0)-\(number)-\(byteCount)\"" }
  }

  /// All segments of the window, oldest first; the first may lack its beginning, the last its end. A chunk that the
  /// store never got (it was away for too long) is missing on all workers: what it may have belonged to is not whole.
  package static func segments(of window: LogWindow) -> [Segment] {
    var segments: [Segment] = []
    var isBroken = false
    for item in window.items {
      guard let receipt = item.receipt else {
        isBroken = true
        continue
      }
      let last = segments.indices.last
      if isBroken, let last { segments[last].isWhole = false }
      isBroken = false
      if let last, segments[last].number == receipt.segment {
        segments[last].parts.append((item.chunk, item.byteCount))
        segments[last].duration += item.duration
      } else {
        var segment = Segment(item, receipt)
        segment.followsJump = last.map { segments[$0].isWhole && segments[$0].number.next != segment.number } ?? false
        segments.append(segment)
      }
    }
    return segments
  }

  /// The longest EXTINF of the window, rounded as RFC 8216 §4.3.3.1 does; at least 1.
  static func longestSegmentSeconds(of window: LogWindow) -> Int {
    let longest = segments(of: window).reduce(0) { max($0, $1.duration) }
    return max(1, Int((longest + 45_000) / 90_000))
  }

  /// A complete segment by its number, or nil: gone, not yet there, or never listed.
  package static func segment(_ number: SegmentNumber, of snapshot: LogSnapshot) -> Segment? {
    guard let last = snapshot.playlist.lastListed, number <= last else { return nil }
    return snapshot.playlist.segments(of: snapshot.window).first { $0.number == number && $0.isWhole }
  }

  /// The media playlist, or nil while no segment is complete. `uri` names a segment.
  package static func playlist(of snapshot: LogSnapshot, uri: (SegmentNumber) -> String) -> String? {
    let rule = snapshot.playlist
    guard let first = rule.firstListed, let last = rule.lastListed, let target = rule.targetDuration else { return nil }
    let segments = rule.segments(of: snapshot.window).filter {
      $0.isWhole && $0.number >= first && $0.number <= last
    }
    guard let oldest = segments.first else { return nil }
    var lines = [
      "#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:\(target)", "#EXT-X-MEDIA-SEQUENCE:\(oldest.number)",
      "#EXT-X-DISCONTINUITY-SEQUENCE:\(oldest.discontinuitiesBefore)",
    ]
    for segment in segments {
      if segment.followsDiscontinuity { lines.append("#EXT-X-DISCONTINUITY") }
      lines.append("#EXT-X-PROGRAM-DATE-TIME:\(date(segment.wallMilliseconds))")
      lines.append("#EXTINF:\(seconds(segment.duration)),")
      lines.append(uri(segment.number))
    }
    if rule.isFinal, snapshot.end == .ended { lines.append("#EXT-X-ENDLIST") }
    return lines.joined(separator: "\n") + "\n"
  }

  private static func date(_ milliseconds: Int64) -> String {
    WallTime(microseconds: UInt64(clamping: milliseconds) &* 1000).shortText
  }

  /// 90 kHz ticks as decimal seconds with six places.
  static func seconds(_ ticks: Int64) -> String {
    let microseconds = max(0, ticks) * 100 / 9
    let fraction = String(microseconds % 1_000_000)
    return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
  }
}

extension HLSView.Segment {
  /// A segment of one chunk, the first that is known of it.
  fileprivate init(_ item: LogWindow.Item, _ receipt: CommitReceipt) {
    let header = item.chunk.header
    let own: UInt64 = header.followsDiscontinuity && receipt.discontinuities > 0 ? 1 : 0
    self.init(
      number: receipt.segment, parts: [(item.chunk, item.byteCount)], duration: item.duration,
      followsDiscontinuity: own == 1, discontinuitiesBefore: receipt.discontinuities - own,
      wallMilliseconds: header.wallMilliseconds, isWhole: header.startsSegment)
  }

  /// Discontinuities of the log up to and including this segment's own.
  var discontinuities: UInt64 { discontinuitiesBefore + (followsDiscontinuity ? 1 : 0) }

  /// The segment with its discontinuities counted from another beginning. `isSeam`: it follows other media than in the log.
  func counted(from shift: Int64, isSeam: Bool) -> Self {
    var segment = self
    segment.followsDiscontinuity = followsDiscontinuity || isSeam
    let before = Int64(clamping: discontinuities) + shift - (segment.followsDiscontinuity ? 1 : 0)
    segment.discontinuitiesBefore = UInt64(max(0, before))
    return segment
  }
}
