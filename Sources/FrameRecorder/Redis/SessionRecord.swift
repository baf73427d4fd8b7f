package import FrameEncoding

/// What Redis keeps of a session: the hash `frames:session:<uuid>`.
package struct SessionRecord: Sendable, Equatable {
  /// Raw ids of its device; nil: not known.
  package var rawClient: String?
  package var rawDevice: String?
  package var state: SessionState
  package var reason: SessionEnd?
  /// When its first and its last frame were received.
  package var started: FrameTime
  package var last: FrameTime
  package var capturedFirst: FrameTime
  package var capturedLast: FrameTime
  /// Numbers of segments.
  package var firstSegment: UInt64
  package var lastSegment: UInt64
  package var segments: Int
  package var frames: Int
  package var bytes: Int64
  /// 1/90,000 s
  package var media: Int64
  /// Of its pictures, in all segments the same.
  package var size: PictureSize?
  package var secondaryKeys: [String]
  package var tries: Int

  /// Nil: there is none, or it is not as a commit writes it.
  init?(_ fields: [String: String]) {
    func number<Number: FixedWidthInteger>(_ name: String) -> Number? { fields[name].flatMap { Number($0) } }
    func time(_ name: String) -> FrameTime? { number(name).map { FrameTime(milliseconds: $0) } }
    guard let state = fields["state"].flatMap({ SessionState(rawValue: $0) }), let started = time("started_ms"),
      let last = time("last_ms"), let capturedFirst = time("captured_first"), let capturedLast = time("captured_last"),
      let first: UInt64 = number("first"), let lastSegment: UInt64 = number("last")
    else { return nil }
    func id(_ name: String) -> String? { fields[name].flatMap { $0.isEmpty ? nil : $0 } }
    (rawClient, rawDevice) = (id("client"), id("device"))
    (self.state, reason) = (state, fields["reason"].flatMap { SessionEnd(rawValue: $0) })
    (self.started, self.last) = (started, last)
    (self.capturedFirst, self.capturedLast) = (capturedFirst, capturedLast)
    (firstSegment, self.lastSegment) = (first, lastSegment)
    (segments, frames, bytes) = (number("segments") ?? 0, number("frames") ?? 0, number("bytes") ?? 0)
    (media, tries) = (number("media") ?? 0, number("tries") ?? 0)
    size = fields["size"].flatMap { PictureSize($0) }
    secondaryKeys = (fields["secondary_keys"] ?? "").split(separator: "\n").map { String($0) }
  }
}
