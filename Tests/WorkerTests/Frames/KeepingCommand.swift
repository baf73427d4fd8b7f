import Foundation
import FrameRecorder
import JSONCoding
import Synchronization
import TestKit
import Testing

/// A one-shot command that has ended.
struct KeepingCommand {
  let status: SpawnedExit?
  let output: String
  let errors: String

  var fields: [String: JSON] {
    guard case .object(let members)? = try? JSONParser.parse(Array(output.trimmingCharacters(in: .newlines).utf8))
    else { return [:] }
    return Dictionary(members) { first, _ in first }
  }

  /// What a process has written so far.
  final class Texts: Sendable {
    private let text = Mutex((output: "", errors: ""))
    fileprivate func add(_ output: SpawnedProcess.Output, _ bytes: [UInt8]) {
      text.withLock {
        switch output {
        case .standardOutput: $0.output += String(decoding: bytes, as: UTF8.self)
        case .standardError: $0.errors += String(decoding: bytes, as: UTF8.self)
        }
      }
    }
    var both: (output: String, errors: String) { text.withLock { $0 } }
  }
}

extension RecordingScene {
  /// `executable`: in place of millrace.
  func start(
    _ arguments: [String], _ others: [String: String] = [:], executable: String = WorkerProcess.builtBinary
  ) async throws -> (SpawnedProcess, KeepingCommand.Texts) {
    let texts = KeepingCommand.Texts()
    let environment = ProcessInfo.processInfo.environment.filter { $0.key == "PATH" || $0.key.hasSuffix("SAN_OPTIONS") }
      .merging(environment("cli", others)) { $1 }
    let process = try await SpawnedProcess.start(
      executable, arguments, environment: environment, directory: "/"
    ) { output, bytes in texts.add(output, bytes) }
    return (process, texts)
  }

  func run(_ arguments: [String], _ others: [String: String] = [:]) async throws -> KeepingCommand {
    let (process, texts) = try await start(arguments, others)
    let status = try await process.exit(within: .seconds(60))
    try await process.stop()
    return KeepingCommand(status: status, output: texts.both.output, errors: texts.both.errors)
  }

  /// Two segments of two frames of device 0, by a worker that has gone.
  func recordTwoSegments() async throws {
    let worker = try await worker("w1", ["PROCESSING_FRAMES_PER_SEGMENT": "2"])
    try await eventually("the partitions", within: .seconds(30)) { try await isOwned(by: ["w1"]) }
    try await send(0..<4, devices: 0..<1)
    try await eventually("the recording", within: .seconds(60)) { try await recorded(0..<1) == 4 }
    worker.signal(SIGTERM)
    #expect(try await worker.exit(within: .seconds(30)) == .code(0))
  }

  /// An hour passes for a device whose partition nobody reads any more. Answers its session.
  func silence(_ index: Int) async throws -> SessionID {
    let device = try device(index)
    let session = try #require(try await store.look(at: [(device, [])])[0].get().record.session)
    let past = Int64(Date().timeIntervalSince1970 * 1_000) - 3_600_000
    _ = try await redis.command(
      "HSET", "frames:device:\(device)", "received_id", "\(past)-0", "received_ms", "\(past)", "done_id", "\(past)-1")
    _ = try await redis.command("ZADD", "frames:devices:0", "\(past)", "\(device)")
    return session
  }
}
