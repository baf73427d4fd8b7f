/// How much of a stream the log keeps, in memory and in the store: the smaller of the two bounds counts.
package struct WindowLimits: Sendable, Equatable {
  /// Seconds of media at least 1.
  package let seconds: Double
  /// Bytes, at least one chunk.
  package let bytes: Int

  package init(seconds: Double, bytes: Int) {
    self.seconds = max(1, seconds)
    self.bytes = max(Chunk.capacity, bytes)
  }

  /// `seconds` at 90 kHz.
  package var span: Int64 { Int64(seconds * 90_000) }
}
