import Foundation

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
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments =
      ["-c", "exec \(program) \"$@\" 3>\(progress) </\(folder.path)/in >\(folder.path)/out 2>\(folder.path)/err", "sh"]
      + arguments
    if let environment { process.environment = environment }
    try? (input ?? Data()).write(to: folder.url("in"))
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      process.terminationHandler = { _ in done.resume() }
      do { try process.run() } catch { done.resume() }
    }
    let bytes = (try? Data(contentsOf: folder.url("out"))) ?? Data()
    let errors = (try? String(contentsOf: folder.url("err"), encoding: .utf8)) ?? ""
    return ToolResult(
      status: process.terminationStatus, output: String(data: bytes, encoding: .utf8), bytes: bytes, errors: errors)
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
