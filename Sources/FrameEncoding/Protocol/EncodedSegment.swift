package import TransportStream

/// What has been written to the job's output.
package struct EncodedSegment: Equatable, Sendable {
  package var bytes: Int
  /// The sum of its samples' durations, in 1/90,000 s: EXTINF.
  package var duration: Int64
  /// Where the session's next segment begins, in 1/90,000 s.
  package var nextPTS: Int64
  /// ≥ 2.
  package var samples: Int
  package var size: PictureSize
  /// The last continuity counter of each PID, for the session's next segment.
  package var counters: [PIDContinuity]

  package init(
    bytes: Int, duration: Int64, nextPTS: Int64, samples: Int, size: PictureSize, counters: [PIDContinuity]
  ) {
    self.bytes = bytes
    self.duration = duration
    self.nextPTS = nextPTS
    self.samples = samples
    self.size = size
    self.counters = counters
  }
}
