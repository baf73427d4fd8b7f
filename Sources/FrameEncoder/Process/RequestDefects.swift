internal import FrameEncoding

extension EncoderRequest {
  /// What no encoder can do, or nil.
  var defect: String? {
    let frames =
      switch self {
      case .encode(let job): job.frames
      case .check(_, let frames, _): frames
      }
    return (1...Self.maxFrames).contains(frames.count)
      ? nil : "\(frames.count) frames; 1 to \(Self.maxFrames) are allowed"
  }
}

extension EncodeJob {
  private static let longest: Int64 = 90_000 * 3600

  var defect: String? {
    if case .session(let size) = geometry, !Self.isUsable(size.width) || !Self.isUsable(size.height) {
      return "a session of \(size.width) x \(size.height)"
    }
    if case .firstFrame(let maxWidth, _) = geometry, !Self.isUsable(maxWidth) { return "pictures \(maxWidth) wide" }
    if !(0..<1 << 33).contains(firstPTS) { return "a first PTS of \(firstPTS)" }
    return timingDefect
  }

  private static func isUsable(_ length: Int) -> Bool { (2...8192).contains(length) && length % 2 == 0 }

  private var timingDefect: String? {
    switch timing {
    case .fixed(let duration, let samples):
      guard (2...Self.longest).contains(duration), (1...3600).contains(samples), Int64(samples) <= duration else {
        return "frames of \(duration)/90,000 s in \(samples) samples"
      }
    case .capture(let longest, let last):
      guard (FrameTiming.shortest...Self.longest).contains(longest), last >= 0 else {
        return "frames of up to \(longest)/90,000 s, the last of \(last)"
      }
    }
    return nil
  }
}
