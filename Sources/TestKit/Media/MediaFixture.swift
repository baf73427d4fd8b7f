internal import Foundation

/// An MPEG-TS file of a shape, made once per test process.
package struct MediaFixture: Sendable {
  package let shape: MediaShape
  package let path: String

  /// The file of `shape`; made by FFmpeg at the first call, removed when the process ends.
  package static func make(_ shape: MediaShape) async throws -> MediaFixture {
    try await MediaCache.shared.fixture(shape)
  }

  /// The whole file.
  package func bytes() throws -> [UInt8] { try readFile(path) }
}

/// Makes each shape once, however many tests ask for it at the same time.
private actor MediaCache {
  static let shared = MediaCache()
  private static let folder = Result { try TemporaryFolder("media") }
  private var tasks: [MediaShape: Task<MediaFixture, any Error>] = [:]

  init() {
    atexit { try? MediaCache.folder.get().remove() }
  }

  func fixture(_ shape: MediaShape) async throws -> MediaFixture {
    let number = tasks.count
    let task =
      tasks[shape]
      ?? Task {
        let path = try Self.folder.get().file("\(number).ts")
        let arguments = ["-v", "error", "-nostdin", "-y"] + shape.inputArguments(inRealTime: false)
        let output = shape.codecArguments + ["-t", "\(shape.seconds)", "-f", "mpegts", path]
        try await FFmpegTool.succeed("ffmpeg", arguments + output, within: .seconds(120))
        return MediaFixture(shape: shape, path: path)
      }
    tasks[shape] = task
    return try await task.value
  }
}
