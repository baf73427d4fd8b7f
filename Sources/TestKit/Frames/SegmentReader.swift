/// What a decoder makes of recorded segments.
package enum SegmentReader {
  /// One sample of a segment, as it is stored.
  package struct Sample: Equatable, Sendable {
    /// In 1/90,000 s.
    package let pts: Int64
    package let isKey: Bool
  }

  /// The luma of each decoded picture, scaled to no other size.
  package static func pictures(ofFile path: String, width: Int, height: Int) async throws -> [ArraySlice<UInt8>] {
    let result = try await FFmpegTool.succeed(
      "ffmpeg",
      [
        "-v", "error", "-nostdin", "-i", path, "-fps_mode", "passthrough", "-vf", "extractplanes=y",
        "-f", "rawvideo", "-",
      ])
    let bytes = width * height
    guard result.output.count % bytes == 0 else {
      throw FFmpegTool.ToolFailed(description: "\(path): \(result.output.count) bytes are no pictures of \(bytes)")
    }
    return stride(from: 0, to: result.output.count, by: bytes).map { result.output[$0..<$0 + bytes] }
  }

  /// The number in each decoded picture; nil where there is none.
  package static func numbers(ofFile path: String, width: Int = 320, height: Int = 180) async throws -> [Int?] {
    try await pictures(ofFile: path, width: width, height: height)
      .map { NumberedPicture.read($0, width: width, height: height) }
  }

  /// The samples of the video, in the order of the file.
  package static func samples(ofFile path: String) async throws -> [Sample] {
    let result = try await FFmpegTool.succeed(
      "ffprobe",
      ["-v", "error", "-select_streams", "v:0", "-show_entries", "packet=pts,flags", "-of", "csv=p=0", path])
    return String(decoding: result.output, as: UTF8.self).split(whereSeparator: \.isNewline).compactMap { line in
      let fields = line.split(separator: ",")
      guard fields.count >= 2, let pts = Int64(fields[0]) else { return nil }
      return Sample(pts: pts, isKey: fields[1].hasPrefix("K"))
    }
  }

  /// The NAL unit types of the video, in the order of the file (ITU-T H.264 table 7-1: 5 is a slice of an IDR picture, 1
  /// one of another, 7 and 8 are parameter sets).
  package static func unitTypes(ofFile path: String) async throws -> [UInt8] {
    let bytes = try await FFmpegTool.succeed(
      "ffmpeg", ["-v", "error", "-nostdin", "-i", path, "-map", "0:v", "-c", "copy", "-f", "h264", "-"]
    ).output
    return bytes.indices.dropLast(3).compactMap { at in
      bytes[at] == 0 && bytes[at + 1] == 0 && bytes[at + 2] == 1 ? bytes[at + 3] & 0x1F : nil
    }
  }

  /// What FFmpeg warns of when it decodes the file: empty if nothing is wrong.
  package static func warnings(ofFile path: String) async throws -> String {
    let result = try await FFmpegTool.run(
      "ffmpeg", ["-v", "warning", "-nostdin", "-i", path, "-map", "0", "-f", "null", "-"])
    return result.status == .code(0) ? result.errors : "\(result.errors)\(result.status)"
  }
}
