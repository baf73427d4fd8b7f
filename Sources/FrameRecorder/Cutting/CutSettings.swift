package import FrameEncoding

/// What the cutting of a device's frames into segments goes by (`PROCESSING_*`, `FRAMES_*`).
package struct CutSettings: Sendable, Equatable {
  /// N ≥ 1: `PROCESSING_FRAMES_PER_SEGMENT`.
  package var framesPerSegment = 6
  /// W: `PROCESSING_MAX_SEGMENT_WAIT_SECONDS`.
  package var longestWait = Duration.seconds(60)
  /// `FRAMES_REORDER_SECONDS`
  package var reorderSpan = Duration.seconds(30)
  /// Events held of one device, ≥ N: `PROCESSING_DEVICE_QUEUE_MAXSIZE`.
  package var mostHeld = 256
  /// With `capture` a segment lasts no longer than its longest frame may.
  package var timing = FrameTiming.fixed(duration: 90_000, samples: 1)

  package init() {}
}

extension Duration {
  /// Whole milliseconds, rounded down, of a duration that is not negative.
  var wholeMilliseconds: Int64 { components.seconds * 1_000 + components.attoseconds / 1_000_000_000_000_000 }
}
