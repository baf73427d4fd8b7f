package import Foundation

/// A media playlist (RFC 8216), parsed strictly: what is not as §4 says is an error.
package struct HLSPlaylist: Sendable, Equatable {
  package struct Segment: Sendable, Equatable {
    package let number: Int
    /// Seconds, as the EXTINF says.
    package let duration: Double
    /// As it stands in the playlist.
    package let uri: String
    /// Whether EXT-X-DISCONTINUITY stands before it.
    package let isDiscontinuous: Bool
    /// EXT-X-PROGRAM-DATE-TIME, if it has one of its own.
    package let date: Date?
  }

  /// The line that is wrong, and why.
  package struct Invalid: Error, Equatable, CustomStringConvertible {
    package let description: String
  }

  package private(set) var version = 1
  /// Seconds.
  package private(set) var targetDuration = 0
  package private(set) var mediaSequence = 0
  package private(set) var discontinuitySequence = 0
  package private(set) var hasEnded = false
  package private(set) var segments: [Segment] = []

  package init(_ text: String) throws(Invalid) {
    guard text.hasSuffix("\n") else { throw Invalid(description: "no end of the last line") }
    let lines = text.dropLast().split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard lines.first == "#EXTM3U" else { throw Invalid(description: "does not begin with #EXTM3U") }
    var pending = Pending()
    var seen: Set<String> = []
    for line in lines.dropFirst() {
      if line.hasPrefix("#EXT") {
        try read(tag: line, &pending, &seen)
      } else if !line.hasPrefix("#") {
        try add(uri: line, &pending)
      }
    }
    guard targetDuration > 0 else { throw Invalid(description: "no EXT-X-TARGETDURATION") }
    guard pending == Pending() else { throw Invalid(description: "tags of a segment without its URI") }
    try checkDurations()
  }

  /// What stands before a URI.
  private struct Pending: Equatable {
    var duration: Double?
    var isDiscontinuous = false
    var date: Date?
  }

  /// Tags that may stand once, and only before the first segment (§4.3.3).
  private static let once = [
    "#EXT-X-VERSION", "#EXT-X-TARGETDURATION", "#EXT-X-MEDIA-SEQUENCE", "#EXT-X-DISCONTINUITY-SEQUENCE",
  ]

  private mutating func read(tag line: String, _ pending: inout Pending, _ seen: inout Set<String>) throws(Invalid) {
    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let value = parts.count == 2 ? parts[1] : ""
    if Self.once.contains(parts[0]) {
      guard seen.insert(parts[0]).inserted, segments.isEmpty, pending == Pending() else {
        throw Invalid(description: "\(line) twice, or after a segment")
      }
    }
    switch parts[0] {
    case "#EXT-X-VERSION": version = try Self.integer(value, line)
    case "#EXT-X-TARGETDURATION": targetDuration = try Self.integer(value, line)
    case "#EXT-X-MEDIA-SEQUENCE": mediaSequence = try Self.integer(value, line)
    case "#EXT-X-DISCONTINUITY-SEQUENCE": discontinuitySequence = try Self.integer(value, line)
    case "#EXT-X-ENDLIST": hasEnded = true
    case "#EXT-X-DISCONTINUITY": pending.isDiscontinuous = true
    case "#EXT-X-PROGRAM-DATE-TIME":
      guard let date = Self.date(value) else { throw Invalid(description: line) }
      pending.date = date
    case "#EXTINF":
      let number = value.prefix { $0 != "," }
      guard value.contains(","), let duration = Double(number), duration >= 0, pending.duration == nil else {
        throw Invalid(description: line)
      }
      guard version >= 3 || !number.contains(".") else { throw Invalid(description: "\(line) needs version 3") }
      pending.duration = duration
    default: break
    }
  }

  private mutating func add(uri: String, _ pending: inout Pending) throws(Invalid) {
    guard !uri.isEmpty, !uri.contains(" "), !uri.contains("\r") else { throw Invalid(description: "a line: '\(uri)'") }
    guard let duration = pending.duration else { throw Invalid(description: "no EXTINF before \(uri)") }
    segments.append(
      Segment(
        number: mediaSequence + segments.count, duration: duration, uri: uri,
        isDiscontinuous: pending.isDiscontinuous, date: pending.date))
    pending = Pending()
  }

  /// §4.3.3.1: each EXTINF, rounded to the nearest integer, is at most the target duration.
  private func checkDurations() throws(Invalid) {
    for segment in segments where Int(segment.duration.rounded()) > targetDuration {
      throw Invalid(description: "segment \(segment.number): \(segment.duration) s, target \(targetDuration)")
    }
  }

  private static func integer(_ text: String, _ line: String) throws(Invalid) -> Int {
    guard !text.isEmpty, text.allSatisfy({ $0.isASCII && $0.isNumber }), let value = Int(text) else {
      throw Invalid(description: line)
    }
    return value
  }

  private static func date(_ text: String) -> Date? {
    let formatter = ISO8601DateFormatter()
    formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
    if let date = formatter.date(from: text) { return date }
    formatter.formatOptions = [.withInternetDateTime]
    return formatter.date(from: text)
  }
}
