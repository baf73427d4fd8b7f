/// A step in the life of a frame that is behind it, as `RecorderServices.onStep` is told.
package enum RecordingStep: String, CaseIterable, Sendable {
  /// S3: entries were read.
  case read
  /// S4: a batch has its number.
  case begun
  /// S5: a temporary file holds the segment.
  case encoded
  /// S6: the segment has its name.
  case published
  /// S7: it is in the index, and its entries are gone.
  case committed
  /// S8: the playlist file has it.
  case listed
}
