/// What one request may bring to the intake, and when none is taken.
package struct IntakeSettings: Sendable, Equatable {
  /// Bytes; `FRAMES_MAX_FRAME_BYTES`.
  package var maxFrameBytes = 16 << 20
  /// `FRAMES_MAX_PIXELS`
  package var maxPixels = 50_000_000
  /// `FRAMES_MAX_PER_REQUEST`
  package var maxFrames = 100
  /// `FRAMES_BACKLOG_MAX`, `FRAMES_DEVICE_BACKLOG_MAX`
  package var limits = IntakeLimits(partition: 100_000, device: 10_000)
  /// `FRAMES_REQUEST_LINKS`
  package var makesRequestLinks = false

  /// From a request's head to the end of its body. Sweeps take a file to be in the stream 10 minutes after it was written.
  package var mostTime = Duration.seconds(300)

  package init() {}
}
