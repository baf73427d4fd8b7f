/// A device's playlist file of ours, read back after Redis has lost the index.
package struct ImportedPlaylist: Sendable, Equatable {
  package struct Segment: Sendable, Equatable {
    package var number: UInt64
    package var session: SessionID?
    package var mediaSequence: UInt64
    package var discontinuitySequence: UInt64
    package var captureStart: FrameTime
    /// 1/90,000 s, to the millisecond.
    package var duration: Int64
  }

  /// EXT-X-TARGETDURATION
  package var target: Int
  package var segments: [Segment]

  /// Bytes that a playlist has at most: some 500,000 segments.
  package static let mostBytes = 64 << 20

  /// Nil unless the text is a whole live playlist as `DevicePlaylist` writes it: with a `#MILLRACE` line, each segment with
  /// its date, and a line's end at the end.
  package static func parse(_ text: [UInt8]) -> ImportedPlaylist? {
    guard text.count <= mostBytes, text.last == UInt8(ascii: "\n") else { return nil }
    var reader = Reader()
    var start = 0
    while let end = text[start...].firstIndex(of: UInt8(ascii: "\n")) {
      guard reader.take(String(decoding: text[start..<end], as: UTF8.self)) else { return nil }
      start = end + 1
    }
    return reader.result
  }

  private struct Reader {
    private var hasBegun = false
    private var isOurs = false
    private var target: Int?
    private var mediaSequence: UInt64?
    private var discontinuities: UInt64?
    private var session: SessionID?
    private var date: FrameTime?
    private var duration: Int64?
    private var segments: [Segment] = []

    var result: ImportedPlaylist? {
      guard isOurs, let target, date == nil, duration == nil else { return nil }
      return ImportedPlaylist(target: target, segments: segments)
    }

    /// False: the line cannot stand there.
    mutating func take(_ line: String) -> Bool {
      guard hasBegun else {
        hasBegun = true
        return line == "#EXTM3U"
      }
      let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map { String($0) }
      return parts.count == 2 ? take(tag: parts[0], parts[1]) : take(bare: line)
    }

    private mutating func take(tag: String, _ value: String) -> Bool {
      switch tag {
      case "#EXT-X-TARGETDURATION":
        target = Int(value)
        return target.map { (1...86_400).contains($0) } ?? false
      case "#EXT-X-MEDIA-SEQUENCE":
        mediaSequence = UInt64(value)
        return mediaSequence != nil
      case "#EXT-X-DISCONTINUITY-SEQUENCE":
        discontinuities = UInt64(value)
        return discontinuities != nil
      case "#MILLRACE-SESSION":
        (session, isOurs) = (SessionID(value), true)
        return session != nil
      case "#EXT-X-PROGRAM-DATE-TIME":
        date = ParsedTime(value)?.time
        return date != nil
      case "#EXTINF":
        duration = Self.duration(value)
        return duration != nil
      default: return tag.hasPrefix("#")
      }
    }

    private mutating func take(bare line: String) -> Bool {
      if line == "#EXT-X-ENDLIST" { return false }
      if line == "#EXT-X-DISCONTINUITY" {
        discontinuities = discontinuities.map { $0 &+ 1 }
        return discontinuities != nil
      }
      return line.hasPrefix("#") || takeURI(line)
    }

    private mutating func takeURI(_ line: String) -> Bool {
      let folder = "segments/"
      guard line.hasPrefix(folder), let number = SegmentName.number(of: line.utf8.dropFirst(folder.utf8.count)),
        let sequence = mediaSequence, let discontinuities, let date, let duration, sequence < .max
      else { return false }
      segments.append(
        Segment(
          number: number, session: session, mediaSequence: sequence, discontinuitySequence: discontinuities,
          captureStart: date, duration: duration))
      (mediaSequence, self.date, self.duration) = (sequence + 1, nil, nil)
      return true
    }

    /// `6.000,` in 1/90,000 s.
    private static func duration(_ text: String) -> Int64? {
      guard text.hasSuffix(",") else { return nil }
      let parts = text.dropLast().split(separator: ".", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[1].utf8.count == 3, let seconds = Int64(parts[0]), (0...86_400).contains(seconds),
        let thousandths = UInt16(parts[1])
      else { return nil }
      return (seconds * 1_000 + Int64(thousandths)) * 90
    }
  }
}
