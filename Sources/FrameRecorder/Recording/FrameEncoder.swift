/// A segment to be made of frames.
package struct EncodeJob: Sendable, Equatable {
  package struct Frame: Sendable, Equatable {
    /// Relative to the storage's base; the encoder refuses what is not below the client's folder.
    package var path: String
    package var capture: FrameTime
    /// What the watermark says; nil: there is none.
    package var requested: FrameTime?

    package init(path: String, capture: FrameTime, requested: FrameTime?) {
      (self.path, self.capture, self.requested) = (path, capture, requested)
    }
  }

  package var device: DevicePair
  /// At least one, in the order of their appearance.
  package var frames: [Frame]
  /// Of the session's pictures; nil: the first good frame begins a session and fixes it.
  package var size: PictureSize?
  /// Of the first sample, 1/90,000 s, and where the session's continuity counters stand.
  package var pts: Int64
  package var continuity: ContinuityCounters
  /// The device's mean interval between frames, ms: how long a lone frame is shown with timing `capture`.
  package var interval: Int64
  /// A temporary name in a folder that exists. It is durable when the job is done, whatever was there before.
  package var output: StoragePath
}

/// What became of one frame.
package enum FrameVerdict: Sendable, Equatable {
  /// `truncated`: its JPEG has no end marker.
  case good(truncated: Bool)
  case bad(DeadLetterReason, detail: String)
}

/// What has been written to a job's output.
package struct EncodedSegment: Sendable, Equatable {
  package var bytes: Int
  /// 1/90,000 s: the sum of its samples' durations, and where the session goes on.
  package var duration: Int64
  package var nextPTS: Int64
  package var continuity: ContinuityCounters
  package var size: PictureSize

  package init(bytes: Int, duration: Int64, nextPTS: Int64, continuity: ContinuityCounters, size: PictureSize) {
    (self.bytes, self.duration, self.nextPTS) = (bytes, duration, nextPTS)
    (self.continuity, self.size) = (continuity, size)
  }
}

package enum EncodeOutcome: Sendable, Equatable {
  /// A verdict for each frame, in the job's order; no segment if none is good.
  case done([FrameVerdict], EncodedSegment?)
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

/// The processes that make segments. Each call may take as long as `FRAMES_ENCODE_TIMEOUT_SECONDS`.
package protocol FrameEncoder: Sendable {
  func encode(_ job: EncodeJob) async -> EncodeOutcome

  /// Decodes one frame of a job in a fresh encoder.
  func probe(_ frame: EncodeJob.Frame, of device: DevicePair) async -> ProbeOutcome
}
