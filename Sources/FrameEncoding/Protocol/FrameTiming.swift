/// How long frames are shown. All in 1/90,000 s.
package enum FrameTiming: Equatable, Sendable {
  /// Each frame for `duration` ≥ 2, as `samples` ≥ 1 equal samples.
  case fixed(duration: Int64, samples: Int)
  /// Each frame until the capture time of the next, but not under 1/30 s nor over `longest`; the last one for the median
  /// of the others, for `last` if it is alone, and no longer than until `longest` after the first one's beginning.
  case capture(longest: Int64, last: Int64)

  /// What the encoder is told, which decides H.264's level: samples in so many 1/90,000 s.
  package var sampleRate: (samples: Int64, in: Int64) {
    switch self {
    case .fixed(let duration, let samples): (Int64(samples), duration)
    case .capture: (1, Self.shortest)
    }
  }

  /// What a frame is shown for at least with `capture`: 1/30 s.
  package static let shortest: Int64 = 3_000
}
