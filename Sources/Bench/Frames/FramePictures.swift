import TestKit

/// The pictures of a benchmark, 1920 x 1080.
enum FramePictures: String, CaseIterable {
  /// Flat areas and sharp edges.
  case drawn
  /// Structure of every size, a slow pan, the noise of a sensor.
  case photographLike = "photograph-like"

  /// How many times cheaper than the reference a segment shall be.
  var goal: Double {
    switch self {
    case .drawn: 3.5
    case .photographLike: 2.8
    }
  }

  func make(_ count: Int) async throws -> [[UInt8]] { try await FrameMaker.pictures(of: source, count: count) }

  private var source: String {
    switch self {
    case .drawn: "testsrc2=size=1920x1080:rate=1"
    case .photographLike:
      Self.octave(32, 100, "a") + Self.octave(128, 70, "b") + Self.octave(512, 40, "c")
        + "[a][b]blend=all_mode=average[d];[d][c]blend=all_mode=average,scale=2112:1188:flags=bicubic,"
        + "crop=1920:1080:x=mod(n*4\\,192):y=mod(n*2\\,108),noise=alls=4:allf=t"
    }
  }

  /// Noise of some size, the same in each picture.
  private static func octave(_ width: Int, _ strength: Int, _ name: String) -> String {
    "color=0x607080:size=\(width)x\(width * 9 / 16):rate=1,noise=alls=\(strength),"
      + "scale=1920:1080:flags=bicubic,format=yuv420p[\(name)];"
  }
}
