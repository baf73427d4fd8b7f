package import TransportStream

/// A segment to be made.
package struct EncodeJob: Equatable, Sendable {
  /// `STORAGE_BASE_PATH`, absolute.
  package var base: String
  /// In the order of their appearance, 1…600.
  package var frames: [FrameInput]
  package var limits: FrameLimits
  package var timing: FrameTiming
  package var geometry: GeometryRule
  /// x264's preset and constant rate factor.
  package var preset: String
  package var crf: Int
  /// Nil: no watermark, whatever the frames say.
  package var watermark: WatermarkStyle?
  /// Of the first sample, in 1/90,000 s.
  package var firstPTS: Int64
  /// The last continuity counter of each PID in the session's segment before; empty for the first.
  package var counters: [PIDContinuity]
  /// The temporary file, relative to the base; its folder must exist. It is replaced if it is there, durable when the
  /// job has succeeded, and gone when it has failed or had no good frame.
  package var output: String

  package init(
    base: String, frames: [FrameInput], limits: FrameLimits = FrameLimits(),
    timing: FrameTiming = .fixed(duration: 90_000, samples: 1),
    geometry: GeometryRule = .firstFrame(maxWidth: 1920, upscales: false), preset: String = "ultrafast", crf: Int = 23,
    watermark: WatermarkStyle? = nil, firstPTS: Int64 = 90_000, counters: [PIDContinuity] = [], output: String
  ) {
    self.base = base
    self.frames = frames
    self.limits = limits
    self.timing = timing
    self.geometry = geometry
    self.preset = preset
    self.crf = crf
    self.watermark = watermark
    self.firstPTS = firstPTS
    self.counters = counters
    self.output = output
  }
}
