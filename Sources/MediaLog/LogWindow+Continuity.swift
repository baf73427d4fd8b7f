internal import TransportStream

extension LogWindow.Item {
  /// The last continuity counter of each PID of the log behind this chunk: what a writer that goes on here needs.
  var continuityBehind: ContiguousArray<PIDContinuity> {
    PIDContinuity.moved(
      chunk.header.continuity, over: UnsafeRawBufferPointer(start: chunk.bytes, count: byteCount))
  }
}
