package import FrameEncoding
internal import TransportStream

/// How segments are made (`PROCESSING_*`, `FRAMES_*`, `WATERMARK_*`).
package struct EncodingSettings: Sendable, Equatable {
  /// `STORAGE_BASE_PATH`, absolute.
  package var base: String
  package var limits = FrameLimits()
  package var timing = FrameTiming.fixed(duration: 90_000, samples: 1)
  /// `PROCESSING_VIDEO_WIDTH`, `FRAMES_UPSCALE`
  package var maxWidth = 1_920
  package var upscales = false
  /// `FRAMES_X264_PRESET`, `FRAMES_CRF`
  package var preset = "ultrafast"
  package var crf = 23
  /// Nil: there are no watermarks.
  package var watermark: WatermarkStyle?

  package init(base: String) { self.base = base }

  /// What a lone frame is shown for, 1/90,000 s.
  var frameTime: Int64 {
    switch timing {
    case .fixed(let duration, _): duration
    case .capture(_, let last): last
    }
  }

  /// - Parameters:
  ///   - size: of the session's pictures; nil: the first good frame begins a session and fixes it.
  ///   - interval: the device's mean interval between frames, ms.
  func job(
    _ frames: [FrameInput], size: PictureSize?, firstPTS: Int64, counters: [PIDContinuity], interval: Int64,
    output: StoragePath
  ) -> EncodeJob {
    EncodeJob(
      base: base, frames: frames, limits: limits, timing: timing(interval: interval),
      geometry: size.map { .session($0) } ?? .firstFrame(maxWidth: maxWidth, upscales: upscales), preset: preset,
      crf: crf, watermark: watermark, firstPTS: firstPTS, counters: counters, output: output.text)
  }

  private func timing(interval: Int64) -> FrameTiming {
    switch timing {
    case .fixed: timing
    case .capture(let longest, _): .capture(longest: longest, last: interval * 90)
    }
  }
}
