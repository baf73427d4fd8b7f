import Foundation

/// A process that a benchmark started, its CPU time and memory as the kernel accounts for them.
final class BenchProcess {
  private let process = Process()
  let port: Int

  /// Starts `executable` and waits for the line on its output that ends with `port=<n>`.
  init(_ executable: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
    process.executableURL = executable
    process.arguments = arguments
    process.environment = ["PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"].merging(environment)
    {
      $1
    }
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    var text = ""
    var found: Int?
    while found == nil {
      let data = pipe.fileHandleForReading.availableData
      guard !data.isEmpty else { throw BenchError("\(executable.lastPathComponent) ended: \(text)") }
      text += String(decoding: data, as: UTF8.self)
      if let range = text.range(of: "port=") { found = Int(text[range.upperBound...].prefix { $0.isNumber }) }
    }
    port = found ?? 0
    pipe.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
  }

  /// This very program in another role.
  static func role(_ name: String, _ arguments: [String] = []) throws -> BenchProcess {
    try BenchProcess(executable, [name] + arguments)
  }

  /// The worker beside this program, with a source on loopback.
  static func worker() throws -> BenchProcess {
    let binary = executable.deletingLastPathComponent().appendingPathComponent("millrace")
    return try BenchProcess(
      binary, ["serve"], environment: ["PORT": "0", "HOST": "127.0.0.1", "SOURCE_ALLOW": "127.0.0.1"])
  }

  private static var executable: URL { URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath() }

  /// User and system time in seconds since the start.
  var cpuSeconds: Double {
    guard let text = try? String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8),
      let close = text.lastIndex(of: ")")
    else { return 0 }
    let fields = text[text.index(after: close)...].split(separator: " ")
    guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
    return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
  }

  /// Resident memory in KiB.
  var residentKiB: Int {
    let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
    return Int(
      line.split(separator: " ").dropFirst().first.map(String.init)?.trimmingCharacters(in: .whitespaces) ?? "")
      ?? 0
  }

  func stop() {
    process.terminate()
    process.waitUntilExit()
  }
}

struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
