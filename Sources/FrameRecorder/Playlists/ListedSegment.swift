/// What a playlist says of a segment.
package protocol PlaylistSegment {
  var number: UInt64 { get }
  var session: SessionID? { get }
  var mediaSequence: UInt64 { get }
  var discontinuitySequence: UInt64 { get }
  var captureStart: FrameTime { get }
  var captureEnd: FrameTime { get }
  /// 1/90,000 s
  var duration: Int64 { get }
}

extension RecordedSegment: PlaylistSegment {}

/// A segment as an index is kept in memory: that alone, in 56 bytes.
package struct ListedSegment: PlaylistSegment, Sendable, Equatable {
  package let number: UInt64
  package let mediaSequence: UInt64
  package let captureStart: FrameTime
  private let captureLength: Int32
  private let ticks: Int32
  private let discontinuity: UInt32
  /// `absent`: none.
  private let sessionID: SessionID

  package init(_ segment: RecordedSegment) {
    (number, mediaSequence) = (segment.number, segment.mediaSequence)
    sessionID = segment.session ?? .absent
    captureStart = segment.captureStart
    captureLength = Int32(clamping: segment.captureEnd.milliseconds(since: segment.captureStart))
    ticks = Int32(clamping: segment.duration)
    discontinuity = UInt32(clamping: segment.discontinuitySequence)
  }

  package var session: SessionID? { sessionID == .absent ? nil : sessionID }
  package var captureEnd: FrameTime { captureStart.advanced(byMilliseconds: Int64(captureLength)) }
  package var duration: Int64 { Int64(ticks) }
  package var discontinuitySequence: UInt64 { UInt64(discontinuity) }
}
