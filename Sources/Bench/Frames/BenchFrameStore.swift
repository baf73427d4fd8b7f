import Foundation
import TestKit

/// A storage folder with one device's frames.
struct BenchFrameStore {
  static let client = "bench"
  private static let device = "client_ids/\(client)/device_id/d1"

  let folder: TemporaryFolder
  /// Relative to the folder.
  let paths: [String]
  let bytes: Int

  /// Goes with the fixture.
  init(_ fixture: Fixture, _ pictures: [[UInt8]]) throws {
    folder = try fixture.temporaryFolder("bench-frames")
    for part in ["frames", "hls/segments"] {
      try FileManager.default.createDirectory(
        atPath: folder.file("\(Self.device)/\(part)"), withIntermediateDirectories: true)
    }
    paths = pictures.indices.map { "\(Self.device)/frames/\($0).jpg" }
    bytes = pictures.reduce(0) { $0 + $1.count }
    for (path, picture) in zip(paths, pictures) { try folder.write(picture, to: path) }
  }

  var output: String { "\(Self.device)/hls/segments/.seg.tmp" }

  func batches(of count: Int) -> [[String]] {
    stride(from: 0, to: paths.count, by: count).map { Array(paths[$0..<min($0 + count, paths.count)]) }
  }
}
