/// The answer to a request that was carried out.
package struct EncodeReport: Equatable, Sendable {
  /// One for each frame of the request, in its order.
  package var frames: [FrameOutcome]
  /// Nil if there was no good frame, or nothing was to be encoded.
  package var segment: EncodedSegment?
  /// User and system time that it took.
  package var processorMicroseconds: Int64

  package init(frames: [FrameOutcome], segment: EncodedSegment?, processorMicroseconds: Int64) {
    self.frames = frames
    self.segment = segment
    self.processorMicroseconds = processorMicroseconds
  }
}
