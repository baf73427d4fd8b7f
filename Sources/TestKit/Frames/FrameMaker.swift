internal import Foundation

/// Makes the pictures that devices send, with FFmpeg.
package enum FrameMaker {
  package enum Format: String, Sendable {
    /// Full range, 4:2:0.
    case jpeg = "jpg"
    case png
  }

  /// A file for each number, in that order: the whole bytes of a numbered picture. One FFmpeg makes them all; a thousand
  /// of 320 × 180 take a second or two. `pixels`: FFmpeg's name of another pixel format.
  package static func pictures(
    _ numbers: some Collection<Int>, width: Int = 320, height: Int = 180, format: Format = .jpeg,
    pixels: String? = nil, marked: Set<Int> = [], quality: Int = 3
  ) async throws -> [[UInt8]] {
    let folder = try TemporaryFolder("frames")
    defer { folder.remove() }
    let raw = folder.file("raw")
    guard FileManager.default.createFile(atPath: raw, contents: nil) else { throw CocoaError(.fileWriteUnknown) }
    let file = try FileHandle(forWritingTo: URL(fileURLWithPath: raw))
    for number in numbers {
      let luma = NumberedPicture.luma(number, width: width, height: height, isMarked: marked.contains(number))
      try file.write(contentsOf: Data(luma))
    }
    try file.close()
    let input = [
      "-f", "rawvideo", "-pix_fmt", "gray", "-color_range", "pc", "-video_size", "\(width)x\(height)", "-i", raw,
    ]
    let codec =
      switch format {
      case .jpeg: ["-pix_fmt", pixels ?? "yuvj420p", "-q:v", "\(quality)"]
      case .png: ["-pix_fmt", pixels ?? "rgb24"]
      }
    return try await run(input + codec, count: numbers.count, format, folder)
  }

  /// Moving pictures of one of FFmpeg's sources (`testsrc2=size=1920x1080:rate=1` …), with FFmpeg's options for the file.
  package static func pictures(
    of source: String, count: Int, format: Format = .jpeg, options: [String] = ["-pix_fmt", "yuvj420p", "-q:v", "3"]
  ) async throws -> [[UInt8]] {
    let folder = try TemporaryFolder("frames")
    defer { folder.remove() }
    return try await run(["-f", "lavfi", "-i", source] + options, count: count, format, folder)
  }

  private static func run(
    _ arguments: [String], count: Int, _ format: Format, _ folder: TemporaryFolder
  ) async throws -> [[UInt8]] {
    let output = ["-frames:v", "\(count)", "-start_number", "0", "-f", "image2", folder.file("%d.\(format.rawValue)")]
    try await FFmpegTool.succeed("ffmpeg", ["-v", "error", "-nostdin"] + arguments + output, within: .seconds(120))
    return try (0..<count).map { try readFile(folder.file("\($0).\(format.rawValue)")) }
  }
}
