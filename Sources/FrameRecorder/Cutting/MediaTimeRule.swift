internal import FrameEncoding

/// How long frames are shown with `FrameTiming.capture`, in 1/90,000 s: each until the next one's capture, the last one for
/// an assumed time.
struct MediaTimeRule {
  /// Of a frame and of a segment.
  let longest: Int64

  init(longest: Int64) { self.longest = max(longest, FrameTiming.shortest) }

  /// The sum of all frames' times. `captures` ascend, ms, at least one; `interval`: the device's mean (ms), which a lone
  /// frame is shown for.
  func total(_ captures: [Int64], interval: Int64) -> Int64 {
    let gaps = zip(captures.dropFirst(), captures).map { clamped($0 - $1) }
    let last = gaps.isEmpty ? clamped(interval) : gaps.sorted()[(gaps.count - 1) / 2]
    return gaps.reduce(last, +)
  }

  private func clamped(_ milliseconds: Int64) -> Int64 {
    min(max(milliseconds * 90, FrameTiming.shortest), longest)
  }

  /// How many of the first frames may make a segment: as many as are not too long together, at least one.
  func fitting(_ captures: [Int64], interval: Int64) -> Int {
    var count = captures.count
    while count > 1, total(Array(captures.prefix(count)), interval: interval) > longest { count -= 1 }
    return count
  }
}
