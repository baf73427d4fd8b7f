internal import Foundation

/// A real worker: the `millrace` that was built with the tests, on a free port, without Redis.
package final class WorkerProcess: Sendable {
  /// The worker did not start, did not end, or ended with an error. The description holds the end of its log.
  package struct Failed: Error, CustomStringConvertible {
    package let description: String
  }

  private let process: SpawnedProcess
  private let text: ProcessLog
  /// The port that it says it listens on.
  package let port: Int

  /// Starts a worker and waits until its log has a line with `listening` and `port=<n>`. Its environment is the PATH,
  /// `PORT=0`, `HOST=127.0.0.1`, `SOURCE_ALLOW=127.0.0.1`, the sanitizers' options, and what is given here, which wins.
  package static func start(
    _ environment: [String: String] = [:], arguments: [String] = [], executable: String = builtBinary,
    directory: String = "/", within limit: Duration = .seconds(20)
  ) async throws -> WorkerProcess {
    let log = ProcessLog()
    let process = try await SpawnedProcess.start(
      executable, arguments, environment: baseEnvironment().merging(environment) { $1 }, directory: directory
    ) { _, bytes in log.append(bytes) }
    do {
      let port = try await eventualValue("the worker to listen", within: limit) {
        if let status = process.exitStatus { throw Failed(description: "the worker ended (\(status)): \(log.tail)") }
        return listeningPort(in: log.text)
      }
      return WorkerProcess(process, port: port, text: log)
    } catch {
      try await process.stop()
      guard error is WaitTimeout else { throw error }
      throw Failed(description: "\(error): \(log.tail)")
    }
  }

  private init(_ process: SpawnedProcess, port: Int, text: ProcessLog) {
    self.process = process
    self.port = port
    self.text = text
  }

  /// The `millrace` beside the running test bundle or benchmark, whatever the build folder.
  package static var builtBinary: String {
    let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "."
    return URL(fileURLWithPath: own).deletingLastPathComponent().appendingPathComponent("millrace").path
  }

  private static func baseEnvironment() -> [String: String] {
    let passed = ["TSAN_OPTIONS", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"]
    let environment = ProcessInfo.processInfo.environment
    var own = environment.filter { passed.contains($0.key) }
    if let options = environment["WORKER_ASAN_OPTIONS"] { own["ASAN_OPTIONS"] = options }
    return FFmpegTool.cleanEnvironment().merging(own) { $1 }
      .merging(["PORT": "0", "HOST": "127.0.0.1", "SOURCE_ALLOW": "127.0.0.1"]) { $1 }
  }

  /// The number after `port=` or `"port":"` in the first whole line that says `listening`.
  static func listeningPort(in log: String) -> Int? {
    for line in log.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      guard line.contains("listening") else { continue }
      for name in ["port=", "\"port\":"] {
        guard let range = line.range(of: name) else { continue }
        let digits = line[range.upperBound...].drop { $0 == "\"" || $0 == " " }.prefix { $0.isNumber }
        if let port = Int(digits), port > 0 { return port }
      }
    }
    return nil
  }

  package var pid: Int32 { process.pid }
  /// All that it has written so far, to both outputs.
  package var log: String { text.text }
  /// The lines of the log that contain a text.
  package func logLines(containing part: String) -> [String] {
    log.split(separator: "\n").filter { $0.contains(part) }.map(String.init)
  }

  /// `http://127.0.0.1:<port><target>`
  package func url(_ target: String) -> String { "http://127.0.0.1:\(port)\(target)" }

  // MARK: What it uses

  /// The living FFmpegs that it has started.
  package var ffmpegs: [Int32] { ProcessTable.children(of: pid, named: "ffmpeg") }
  /// Resident memory in bytes.
  package var residentBytes: Int { ProcessTable.residentBytes(pid) }
  package var descriptorCount: Int { ProcessTable.descriptorCount(pid) }
  package var isRunning: Bool { process.exitStatus == nil }

  // MARK: Requests

  /// One request on a connection of its own.
  package func get(
    _ target: String, headers: [String: String] = [:], within limit: Duration = .seconds(10)
  ) async throws -> RawHTTPResponse {
    try await RawHTTPClient.request(port: port, target, headers: headers, within: limit)
  }

  /// POSTs a JSON text.
  package func post(
    _ target: String, json: String, headers: [String: String] = [:], within limit: Duration = .seconds(10)
  ) async throws -> RawHTTPResponse {
    try await RawHTTPClient.post(port: port, target, json: json, headers: headers, within: limit)
  }

  /// Sends a DELETE.
  package func delete(_ target: String, headers: [String: String] = [:]) async throws -> RawHTTPResponse {
    try await RawHTTPClient.request("DELETE", port: port, target, headers: headers)
  }

  /// A player of `target`, reading in the background.
  package func capture(
    _ target: String, headers: [String: String] = [:], receiveBuffer: Int32? = nil, bytesPerSecond: Int? = nil,
    keepsBytes: Bool = true, within limit: Duration = .seconds(25)
  ) async throws -> LiveCapture {
    try await RawHTTPClient.capture(
      port: port, target, headers: headers, receiveBuffer: receiveBuffer, bytesPerSecond: bytesPerSecond,
      keepsBytes: keepsBytes, within: limit)
  }

  // MARK: Its end

  /// Sends a signal (SIGSTOP, SIGCONT, SIGTERM …).
  package func signal(_ number: Int32) { process.signal(number) }

  /// SIGTERM, and waits for the exit. One that takes longer than `limit` is killed and is an error.
  @discardableResult
  package func terminate(within limit: Duration = .seconds(15)) async throws -> SpawnedExit {
    process.signal(SIGTERM)
    if let status = try await process.exit(within: limit) { return status }
    try await process.stop()
    throw Failed(description: "the worker did not end within \(limit) of SIGTERM: \(text.tail)")
  }

  /// SIGKILL, and waits until it is gone.
  package func kill() async throws { try await process.stop() }

  /// Waits for an exit that nobody asked for; nil if there is none in time.
  package func exit(within limit: Duration) async throws -> SpawnedExit? { try await process.exit(within: limit) }
}

extension Fixture {
  /// A worker that goes with the fixture: ended by SIGTERM, unless the test has ended it. An exit status other than 0,
  /// or an FFmpeg of it that is still there afterwards, is an error of the test.
  package func worker(
    _ environment: [String: String] = [:], arguments: [String] = [], executable: String = WorkerProcess.builtBinary
  ) async throws -> WorkerProcess {
    let worker = try await WorkerProcess.start(environment, arguments: arguments, executable: executable)
    addTeardown {
      guard worker.isRunning else { return }
      let children = worker.ffmpegs
      let status = try await worker.terminate()
      guard status == .code(0) else {
        throw WorkerProcess.Failed(description: "the worker ended with \(status): \(worker.log.suffix(4000))")
      }
      try await eventually("the worker's FFmpegs to end with it", within: .seconds(3)) {
        !children.contains(where: ProcessTable.isAlive)
      }
    }
    return worker
  }

  /// A player that is closed with the fixture.
  package func capture(
    _ worker: WorkerProcess, _ target: String, headers: [String: String] = [:], within limit: Duration = .seconds(25)
  ) async throws -> LiveCapture {
    let capture = try await worker.capture(target, headers: headers, within: limit)
    addTeardown { try await capture.stop() }
    return capture
  }
}
