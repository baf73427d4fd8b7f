/// HLS playlists of a device's recording (RFC 8216), made of its log's entries alone, so that the file and all workers'
/// answers are the same bytes. URIs are relative.
package enum DevicePlaylist {
  package enum Kind: Sendable {
    /// It goes on: no type and no end.
    case live
    /// A window that lies in the past.
    case closed
    /// Numbered from 0, with its own target duration.
    case archive
  }

  /// - Parameters:
  ///   - segments: by media sequence number, at least one. Where a number is left out, media is missing: that place is
  ///     marked with a discontinuity, as a new session is.
  ///   - target: EXT-X-TARGETDURATION in seconds; an archive has its longest segment's, rounded up.
  ///   - suffix: stands behind each URI: `?exp=…&sig=…`.
  package static func render<Segment: PlaylistSegment>(
    _ segments: some Collection<Segment>, _ kind: Kind, target: Int, suffix: String = ""
  ) -> [UInt8] {
    let suffix = Array(suffix.utf8)
    var text: [UInt8] = []
    text.reserveCapacity(400 + segments.count * (112 + suffix.count))
    writeHead(segments, kind, target, to: &text)
    var last: Segment?
    for segment in segments {
      if let last { writeJoint(last, segment, to: &text) }
      write(segment, suffix, to: &text)
      last = segment
    }
    if kind != .live { text += endList }
    return text
  }

  /// A playlist's text with `suffix` behind each URI.
  package static func appending(_ suffix: String, to text: [UInt8]) -> [UInt8] {
    guard !suffix.isEmpty else { return text }
    return Array(
      text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map { line in
        line.isEmpty || line.first == UInt8(ascii: "#") ? Array(line) : Array(line) + Array(suffix.utf8)
      }.joined(separator: [UInt8(ascii: "\n")]))
  }

  private static func writeHead(
    _ segments: some Collection<some PlaylistSegment>, _ kind: Kind, _ target: Int, to text: inout [UInt8]
  ) {
    let first = segments.first
    let isArchive = kind == .archive
    text.append(line: "#EXTM3U")
    text.append(line: "#EXT-X-VERSION:3")
    if kind != .live { text.append(line: "#EXT-X-PLAYLIST-TYPE:VOD") }
    text.append(line: "#EXT-X-TARGETDURATION:\(isArchive ? longestSeconds(segments) : target)")
    text.append(line: "#EXT-X-MEDIA-SEQUENCE:\(isArchive ? 0 : first?.mediaSequence ?? 0)")
    text.append(line: "#EXT-X-DISCONTINUITY-SEQUENCE:\(isArchive ? 0 : first?.discontinuitySequence ?? 0)")
    text.append(line: "#EXT-X-INDEPENDENT-SEGMENTS")
    if let session = first?.session { text.append(line: "#MILLRACE-SESSION:\(session)") }
  }

  /// The longest segment's duration in seconds, rounded up; 1 at least.
  package static func longestSeconds(_ segments: some Collection<some PlaylistSegment>) -> Int {
    let longest = segments.map { milliseconds($0.duration) }.max() ?? 0
    return max(1, Int((longest + 999) / 1_000))
  }

  /// EXTINF in ms of a duration in 1/90,000 s.
  static func milliseconds(_ duration: Int64) -> Int64 { (max(0, duration) + 45) / 90 }

  private static func writeJoint<Segment: PlaylistSegment>(_ last: Segment, _ next: Segment, to text: inout [UInt8]) {
    let isNewRun = last.discontinuitySequence != next.discontinuitySequence
    guard isNewRun || next.mediaSequence != last.mediaSequence &+ 1 else { return }
    text += discontinuity
    if isNewRun, let session = next.session { text.append(line: "#MILLRACE-SESSION:\(session)") }
  }

  private static let date = Array("#EXT-X-PROGRAM-DATE-TIME:".utf8)
  private static let duration = Array("\n#EXTINF:".utf8)
  private static let folder = Array(",\nsegments/".utf8)
  private static let discontinuity = Array("#EXT-X-DISCONTINUITY\n".utf8)
  /// Whether a playlist has a place where times begin anew, or where segments are missing.
  static func hasDiscontinuity(_ text: [UInt8]) -> Bool {
    text.split(separator: UInt8(ascii: "\n")).contains { $0.elementsEqual(discontinuity.dropLast()) }
  }

  private static let endList = Array("#EXT-X-ENDLIST\n".utf8)

  private static func write(_ segment: some PlaylistSegment, _ suffix: [UInt8], to text: inout [UInt8]) {
    text += date
    segment.captureStart.write(to: &text)
    text += duration
    let milliseconds = Int(milliseconds(segment.duration))
    text.append(milliseconds / 1_000, digits: 1)
    text.append(UInt8(ascii: "."))
    text.append(milliseconds % 1_000, digits: 3)
    text += folder
    SegmentName.write(segment.number, to: &text)
    text += suffix
    text.append(UInt8(ascii: "\n"))
  }
}

extension [UInt8] {
  fileprivate mutating func append(line: String) {
    self += Array(line.utf8)
    append(UInt8(ascii: "\n"))
  }
}
