package import FrameEncoding

package enum EncodeOutcome: Sendable, Equatable {
  /// An outcome for each frame, in the job's order; no segment if none is good.
  case done(EncodeReport)
  /// The encoder died, hung or failed: one of the batch's tries.
  case failed(String)
  /// Full disk, I/O error, no process, an end: nobody's fault, and tried until it ends.
  case prevented(String)
}

package enum ProbeOutcome: Sendable, Equatable {
  /// It lives, whatever it thinks of the frame.
  case survived
  case killed(String)
  case prevented(String)
}

/// What makes segments of frames. Each call may take as long as `FRAMES_ENCODE_TIMEOUT_SECONDS`.
package protocol SegmentEncoding: Sendable {
  func encode(_ job: EncodeJob) async -> EncodeOutcome

  /// Decodes one frame in an encoder that has done nothing before.
  func probe(_ frame: FrameInput) async -> ProbeOutcome
}
