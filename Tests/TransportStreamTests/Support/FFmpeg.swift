import TestKit
import Testing

/// The real tools.
enum FFmpeg {
  /// Runs a tool to its end with `input` in a file called `input` in its folder; gives what it wrote. The folder is
  /// removed.
  static func run(_ tool: String, _ arguments: [String], input: [UInt8] = []) async throws -> (
    output: [UInt8], errors: String
  ) {
    let folder = try TemporaryFolder("ts")
    defer { folder.remove() }
    try folder.write(input, to: "input")
    let result = try await FFmpegTool.succeed(tool, arguments, directory: folder.path)
    return (result.output, result.errors)
  }

  /// What a decoder has to say about a stream; empty if it is content.
  static func complaints(about stream: [UInt8]) async throws -> String {
    let quiet = ["-nostdin", "-hide_banner", "-v", "error", "-threads", "1"]
    return try await run("ffmpeg", quiet + ["-i", "input", "-f", "null", "-"], input: stream).errors
  }

  /// How many packets of the video are key frames.
  static func keyFrames(in stream: [UInt8]) async throws -> Int {
    let arguments = [
      "-v", "error", "-select_streams", "v:0", "-show_entries", "packet=flags", "-of", "csv=p=0", "input",
    ]
    let output = try await run("ffprobe", arguments, input: stream).output
    return String(decoding: output, as: UTF8.self).split(separator: "\n").count { $0.contains("K") }
  }
}

/// Real streams, made once a test run.
enum Shape: String, CaseIterable, CustomTestStringConvertible {
  case h264
  case h264BFrames
  case h264OpenGOP
  case hevc
  case mpeg2
  case audio

  var testDescription: String { rawValue }
  var hasVideo: Bool { self != .audio }
  /// Else pictures behind a point refer to some before it, and FFmpeg's H.264 decoder says so wherever one joins.
  var hasClosedGroups: Bool { self != .h264OpenGOP }

  private var coding: String {
    let aac = "-c:a aac -b:a 64k"
    let x264 = "-c:v libx264 -preset ultrafast -threads 1"
    switch self {
    case .h264: return "\(x264) -tune zerolatency -g 20 \(aac)"
    case .h264BFrames: return "\(x264) -bf 3 -b_strategy 0 -g 25 \(aac)"
    case .h264OpenGOP: return "\(x264) -bf 2 -g 25 -x264-params open-gop=1 \(aac)"
    case .hevc: return "-c:v libx265 -preset ultrafast -x265-params log-level=none:keyint=25:pools=1 \(aac)"
    case .mpeg2: return "-c:v mpeg2video -bf 2 -g 12 -b:v 400k -c:a ac3 -b:a 96k"
    case .audio: return "-vn \(aac)"
    }
  }

  func make() async throws -> [UInt8] {
    let sources = "-f lavfi -i testsrc2=s=320x180:r=25 -f lavfi -i sine=r=48000 -t 3"
    let line = "-nostdin -hide_banner -loglevel error \(sources) \(coding) -f mpegts -"
    return try await FFmpeg.run("ffmpeg", line.split(separator: " ").map(String.init)).output
  }

  func stream() async throws -> [UInt8] { try await ShapeCache.shared.stream(of: self) }
}

private actor ShapeCache {
  static let shared = ShapeCache()
  private var made: [Shape: Task<[UInt8], any Error>] = [:]

  func stream(of shape: Shape) async throws -> [UInt8] {
    let task = made[shape] ?? Task { try await shape.make() }
    made[shape] = task
    return try await task.value
  }
}
