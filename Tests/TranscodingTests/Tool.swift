import Foundation
import TestKit

/// A program run to its end.
struct ToolResult: Sendable {
  let status: Int32
  let output: String?
  let bytes: Data
  let errors: String

  var successfulOutput: String? { status == 0 ? output : nil }
}

/// Runs the programs that tests compare with.
enum Tool {
  static func ffmpeg(_ arguments: [String]) async -> ToolResult { await run("ffmpeg", arguments) }

  /// `environment`: nil for the test's own. `progress`: the file that becomes descriptor 3.
  static func run(
    _ program: String, _ arguments: [String], environment: [String: String]? = nil, input: Data? = nil,
    progress: String = "/dev/null"
  ) async -> ToolResult {
    let folder = TemporaryFolder()
    // Not Foundation's: a child that another thread starts at that moment may keep it from seeing the end.
    let shell =
      "exec \(program) \"$@\" 3>\(progress) </\(folder.path)/in >\(folder.path)/out 2>\(folder.path)/err"
    try? (input ?? Data()).write(to: folder.url("in"))
    let process = try? await SpawnedProcess.start(
      "/bin/sh", ["-c", shell, "sh"] + arguments, environment: environment ?? ProcessInfo.processInfo.environment,
      directory: FileManager.default.currentDirectoryPath
    ) { _, _ in }
    let status: Int32 =
      switch try? await process?.exit(within: .seconds(150)) {
      case .code(let code): code
      case .signal(let number): number
      case nil: -1
      }
    try? await process?.stop()
    let bytes = (try? Data(contentsOf: folder.url("out"))) ?? Data()
    let errors = (try? String(contentsOf: folder.url("err"), encoding: .utf8)) ?? ""
    return ToolResult(
      status: status, output: String(data: bytes, encoding: .utf8), bytes: bytes, errors: errors)
  }
}

/// A folder that is gone when the last reference is.
final class TemporaryFolder: Sendable {
  let path: String

  init() {
    path = NSTemporaryDirectory() + "millrace-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  func url(_ name: String) -> URL { URL(fileURLWithPath: path + "/" + name) }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
