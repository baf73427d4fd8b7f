internal import Foundation
internal import Synchronization

/// The real ffmpeg and ffprobe, as the judges of media and the makers of fixtures.
package enum FFmpegTool {
  package struct Result: Sendable {
    package let status: SpawnedExit
    package let output: [UInt8]
    package let errors: String
  }

  /// A tool that took too long or ended with a failure where success was needed.
  package struct ToolFailed: Error, CustomStringConvertible {
    package let description: String
  }

  /// Runs `ffmpeg` or `ffprobe` in `directory`; it is killed after `limit`, which is an error.
  package static func run(
    _ tool: String, _ arguments: [String], directory: String = "/", within limit: Duration = .seconds(60)
  ) async throws -> Result {
    let collected = Mutex<(output: [UInt8], errors: [UInt8])>(([], []))
    let process = try await SpawnedProcess.start(
      tool, arguments, environment: cleanEnvironment(), directory: directory
    ) { output, bytes in
      collected.withLock { collected in
        switch output {
        case .standardOutput: collected.output += bytes
        case .standardError: collected.errors += bytes
        }
      }
    }
    let status = try await process.exit(within: limit)
    if status == nil { try await process.stop() }
    let (output, errors) = collected.withLock { ($0.output, String(decoding: $0.errors, as: UTF8.self)) }
    guard let status else { throw ToolFailed(description: "\(tool) took over \(limit): \(arguments)\n\(errors)") }
    return Result(status: status, output: output, errors: errors)
  }

  /// As `run`, and an exit status other than 0 is an error.
  @discardableResult
  package static func succeed(
    _ tool: String, _ arguments: [String], directory: String = "/", within limit: Duration = .seconds(60)
  ) async throws -> Result {
    let result = try await run(tool, arguments, directory: directory, within: limit)
    guard result.status == .code(0) else {
      throw ToolFailed(description: "\(tool) \(result.status): \(arguments)\n\(result.errors)")
    }
    return result
  }

  /// What a decoder says about a file, decoded whole: empty if nothing is wrong.
  package static func decodeErrors(ofFile path: String) async throws -> String {
    let result = try await run("ffmpeg", ["-v", "error", "-nostdin", "-i", path, "-map", "0", "-f", "null", "-"])
    return result.status == .code(0) ? result.errors : "\(result.errors)\(result.status)"
  }

  /// As for a file. The frames that the end of a capture has cut in two are left out (`TSCapture.withoutTornEnd`).
  package static func decodeErrors(ofCapture bytes: [UInt8]) async throws -> String {
    try await withCaptureFile(TSCapture.withoutTornEnd(bytes)) { try await decodeErrors(ofFile: $0) }
  }

  /// The number of frames of a stream (`v:0`, `a:0` …) that a decoder gets out of a file.
  package static func countFrames(ofFile path: String, stream: String = "v:0") async throws -> Int {
    let result = try await succeed(
      "ffprobe",
      [
        "-v", "error", "-select_streams", stream, "-count_frames", "-show_entries", "stream=nb_read_frames",
        "-of", "default=nokey=1:noprint_wrappers=1", path,
      ])
    let text = String(decoding: result.output, as: UTF8.self)
    // A TS stream is listed under its programme, too.
    return text.split(whereSeparator: \.isNewline).compactMap { Int($0) }.first ?? 0
  }

  /// As for a file, of bytes in memory.
  package static func countFrames(ofCapture bytes: [UInt8], stream: String = "v:0") async throws -> Int {
    try await withCaptureFile(bytes) { try await countFrames(ofFile: $0, stream: stream) }
  }

  /// What ffprobe says about a file's container and streams.
  package static func probe(file path: String) async throws -> MediaDescription {
    let result = try await succeed("ffprobe", ["-v", "error", "-show_format", "-show_streams", "-of", "json", path])
    return try MediaDescription(json: result.output)
  }

  /// As for a file, of bytes in memory.
  package static func probe(capture bytes: [UInt8]) async throws -> MediaDescription {
    try await withCaptureFile(bytes) { try await probe(file: $0) }
  }

  private static func withCaptureFile<Value>(
    _ bytes: [UInt8], _ body: (String) async throws -> sending Value
  ) async throws -> sending Value {
    let folder = try TemporaryFolder("capture")
    defer { folder.remove() }
    return try await body(try folder.write(bytes, to: "capture.ts"))
  }

  /// The PATH and nothing else.
  static func cleanEnvironment() -> [String: String] {
    ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
  }
}
