/// How long frames are shown with timing `capture`: each until the next one's capture, the last one for an assumed time.
struct MediaTimeRule {
  /// 1/30 s, ms.
  private static let shortest = 1_000.0 / 30

  /// Of a frame and of a segment, ms.
  let longest: Double

  init(longestSegment: Int64) { longest = max(Double(longestSegment), Self.shortest) }

  /// The sum of all frames' times, ms. `captures` ascend, ms, at least one; `interval`: the device's mean (ms), which a
  /// lone frame is shown for.
  func total(_ captures: [Int64], interval: Int64) -> Double {
    let gaps = zip(captures.dropFirst(), captures).map { clamped(Double($0 - $1)) }
    return gaps.reduce(0, +) + (Self.median(gaps) ?? clamped(Double(interval)))
  }

  private func clamped(_ time: Double) -> Double { min(max(time, Self.shortest), longest) }

  private static func median(_ values: [Double]) -> Double? {
    guard !values.isEmpty else { return nil }
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2) ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  /// How many of the first frames may make a segment: as many as are not too long together, at least one.
  func fitting(_ captures: [Int64], interval: Int64) -> Int {
    var count = captures.count
    while count > 1, total(Array(captures.prefix(count)), interval: interval) > longest + 0.5 { count -= 1 }
    return count
  }
}
