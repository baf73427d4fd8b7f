import Foundation
import TestKit

/// A process that a benchmark started, its CPU time and memory as the kernel accounts for them. The kernel ends it with the
/// benchmark.
final class BenchProcess: Sendable {
  private let process: SpawnedProcess
  let port: Int

  /// Starts `executable` and waits for the line on its output that ends with `port=<n>`.
  init(_ executable: URL, _ arguments: [String], environment: [String: String] = [:]) async throws {
    let path = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"]
    let log = ProcessLog()
    let process = try await SpawnedProcess.start(
      executable.path, arguments, environment: path.merging(environment) { $1 }
    ) { _, bytes in log.append(bytes) }
    self.process = process
    port = try await eventualValue("\(executable.lastPathComponent) to listen", within: .seconds(60)) {
      if let status = process.exitStatus {
        throw BenchError("\(executable.lastPathComponent) ended (\(status)): \(log.tail)")
      }
      return Self.port(in: log.text)
    }
  }

  /// Of a whole line: it may come in pieces.
  private static func port(in log: String) -> Int? {
    guard let range = log.range(of: "port="), log[range.upperBound...].contains("\n") else { return nil }
    return Int(log[range.upperBound...].prefix { $0.isNumber })
  }

  /// This very program in another role.
  static func role(_ name: String, _ arguments: [String] = []) async throws -> BenchProcess {
    try await BenchProcess(executable, [name] + arguments)
  }

  /// The worker beside this program, with a source on loopback.
  static func worker() async throws -> BenchProcess {
    let binary = executable.deletingLastPathComponent().appendingPathComponent("millrace")
    return try await BenchProcess(
      binary, ["serve"], environment: ["PORT": "0", "HOST": "127.0.0.1", "SOURCE_ALLOW": "127.0.0.1"])
  }

  private static var executable: URL { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath() }

  /// User and system time in seconds since the start.
  var cpuSeconds: Double { ProcessTable.processorTime(process.pid) / .seconds(1) }

  /// Resident memory in KiB.
  var residentKiB: Int { ProcessTable.residentBytes(process.pid) / 1024 }

  /// SIGTERM, and SIGKILL for one that does not end by it.
  func stop() async throws {
    process.signal(SIGTERM)
    if try await process.exit(within: .seconds(20)) == nil { try await process.stop() }
  }
}

struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
