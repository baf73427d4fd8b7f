internal import FrameEncoding

/// When the samples of a segment are shown: a frame's own once it is known to be good, the rest at the end.
struct SampleClock {
  private let timing: FrameTiming
  private let first: Int64
  private var samples = 0
  /// Where the last frame begins.
  private var start: Int64
  private var captured: Int64?
  /// Capture timing: how long each frame but the last is shown.
  private var intervals: [Int64] = []

  /// `first`: where the segment begins, in 1/90,000 s, as everything here.
  init(timing: FrameTiming, first: Int64) {
    self.timing = timing
    self.first = first
    start = first
  }

  /// The times of the samples of the next good frame; `captured` in µs.
  mutating func add(captured: Int64) -> [Int64] {
    defer { self.captured = captured }
    switch timing {
    case .fixed(let duration, let count):
      if self.captured != nil { start += duration }
      samples += count
      return (0..<Int64(count)).map { start + $0 * duration / Int64(count) }
    case .capture(let longest, _):
      if let before = self.captured {
        let interval = Self.interval(from: before, to: captured, longest: longest)
        intervals.append(interval)
        start += interval
      }
      samples += 1
      return [start]
    }
  }

  struct End: Equatable {
    /// The last frame's second half, if it is the only sample: with one alone hls.js stalls.
    var extraSample: Int64?
    /// Where the next segment begins.
    var next: Int64
    var samples: Int
    var duration: Int64
  }

  /// After the last good frame. At least one was added.
  func end() -> End {
    let last = lastDuration
    let isAlone = samples == 1
    return End(
      extraSample: isAlone ? start + last / 2 : nil, next: start + last, samples: isAlone ? 2 : samples,
      duration: start + last - first)
  }

  /// With `capture` not beyond the longest segment: where frames were bad the others' median may be longer than what was
  /// assumed when the segment was cut.
  private var lastDuration: Int64 {
    switch timing {
    case .fixed(let duration, _): return duration
    case .capture(let longest, let last):
      let usual = intervals.isEmpty ? last : intervals.sorted()[(intervals.count - 1) / 2]
      return max(min(usual, longest - (start - first)), FrameTiming.shortest)
    }
  }

  /// Microseconds to 1/90,000 s, within the bounds, whatever the clocks say.
  private static func interval(from: Int64, to: Int64, longest: Int64) -> Int64 {
    guard to > from else { return FrameTiming.shortest }
    let (gap, overflow) = to.subtractingReportingOverflow(from)
    guard !overflow, gap < longest * 12 else { return longest }
    return min(max(gap * 9 / 100, FrameTiming.shortest), longest)
  }
}
