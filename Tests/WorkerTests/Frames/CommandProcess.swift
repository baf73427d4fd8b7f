import Foundation
import JSONCoding
import Synchronization
import TestKit

/// A command of `millrace` that runs, and what it writes.
final class CommandProcess: Sendable {
  struct Done {
    let status: SpawnedExit?
    let output: String
    let errors: String

    var fields: [String: JSON] {
      guard case .object(let members)? = try? JSONParser.parse(Array(output.trimmingCharacters(in: .newlines).utf8))
      else { return [:] }
      return Dictionary(members) { first, _ in first }
    }
  }

  private final class Texts: Sendable {
    private let text = Mutex((output: "", errors: ""))

    func add(_ output: SpawnedProcess.Output, _ bytes: [UInt8]) {
      text.withLock {
        switch output {
        case .standardOutput: $0.output += String(decoding: bytes, as: UTF8.self)
        case .standardError: $0.errors += String(decoding: bytes, as: UTF8.self)
        }
      }
    }
    var both: (output: String, errors: String) { text.withLock { $0 } }
  }

  private let process: SpawnedProcess
  private let texts: Texts

  /// Its environment is the PATH, the sanitizers' options and what is given here. `executable`: in place of millrace.
  static func start(
    _ arguments: [String], _ environment: [String: String], executable: String = WorkerProcess.builtBinary
  ) async throws -> CommandProcess {
    let texts = Texts()
    let passed = ProcessInfo.processInfo.environment.filter { $0.key == "PATH" || $0.key.hasSuffix("SAN_OPTIONS") }
    let process = try await SpawnedProcess.start(
      executable, arguments, environment: passed.merging(environment) { $1 }, directory: "/"
    ) { output, bytes in texts.add(output, bytes) }
    return CommandProcess(process, texts)
  }

  private init(_ process: SpawnedProcess, _ texts: Texts) { (self.process, self.texts) = (process, texts) }

  /// A test that fails before its end leaves none running.
  deinit { process.signal(SIGKILL) }

  var both: (output: String, errors: String) { texts.both }

  func signal(_ number: Int32) { process.signal(number) }

  /// Whether it has a handler of its own for a signal: before that it would die of it.
  func catches(_ number: Int32) -> Bool {
    let status = (try? String(contentsOfFile: "/proc/\(process.pid)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") }
    let mask = line.flatMap { UInt64($0.dropFirst(7).trimmingCharacters(in: .whitespaces), radix: 16) } ?? 0
    return mask >> UInt64(number - 1) & 1 == 1
  }

  /// Nil if it does not end in time.
  func exit(within limit: Duration) async throws -> SpawnedExit? { try await process.exit(within: limit) }

  /// SIGKILL, if it still runs.
  func stop() async throws { try await process.stop() }

  func done(within limit: Duration = .seconds(60)) async throws -> Done {
    let status = try await process.exit(within: limit)
    try await process.stop()
    return Done(status: status, output: texts.both.output, errors: texts.both.errors)
  }
}

extension RecordingScene {
  /// A command on this scene's storage and Redis.
  func command(
    _ arguments: [String], _ others: [String: String] = [:], executable: String = WorkerProcess.builtBinary
  ) async throws -> CommandProcess {
    try await CommandProcess.start(arguments, environment("cli", others), executable: executable)
  }

  /// As `command`, to its end.
  func run(_ arguments: [String], _ others: [String: String] = [:]) async throws -> CommandProcess.Done {
    try await command(arguments, others).done()
  }
}
