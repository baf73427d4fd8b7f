/// What an encoder process is asked to do.
package enum EncoderRequest: Equatable, Sendable {
  case encode(EncodeJob)
  /// Decodes the frames, each alone, and makes nothing of them: to find the one that kills its encoder.
  case check(base: String, frames: [FrameInput], limits: FrameLimits)

  package static let maxFrames = 600
}
