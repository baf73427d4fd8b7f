/// How large the pictures of a segment are.
package enum GeometryRule: Equatable, Sendable {
  /// As the session's first frame has fixed it: both even, 2…8,192.
  case session(PictureSize)
  /// By the first good frame of this job, which begins a session: at most `maxWidth` wide (64…7,680, even), exactly so
  /// wide if `upscales`.
  case firstFrame(maxWidth: Int, upscales: Bool)

  /// Beyond it H.264 has no level for a picture; a narrower one is made of a frame that is this much longer than wide.
  private static let longestSide = 8192

  /// The size of the output when the first good frame has `source`.
  package func size(for source: PictureSize) -> PictureSize {
    switch self {
    case .session(let size): return size
    case .firstFrame(let maxWidth, let upscales):
      let width = Self.even(upscales ? maxWidth : min(source.width, maxWidth))
      let height = Self.even(Double(width) * Double(source.height) / Double(source.width))
      guard height > Self.longestSide else { return PictureSize(width: width, height: height) }
      let narrower = Double(Self.longestSide) * Double(source.width) / Double(source.height)
      return PictureSize(width: Self.even(narrower), height: Self.longestSide)
    }
  }

  private static func even(_ width: Int) -> Int { max(2, width & ~1) }
  private static func even(_ length: Double) -> Int { max(2, Int((length / 2).rounded()) * 2) }
}
