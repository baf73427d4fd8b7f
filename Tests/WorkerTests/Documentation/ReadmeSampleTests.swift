import Foundation
import Synchronization
import Testing

@testable import TestKit
@testable import Worker

/// Runs what the README tells people to type, in its order, against one worker and one live source.
@Suite(.timeLimit(.minutes(2))) struct ReadmeSampleTests {
  @Test func everySampleDoesWhatTheReadmeShows() async throws {
    let samples = try Readme().samples
    #expect(samples.count >= 15)
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let worker = try await fixture.worker()
      var id = ""
      for sample in samples {
        let line = sample.command.line
        guard Readme.programs.contains(where: sample.command.text.hasPrefix) else {
          Issue.record("README:\(line): a sh block that no test can run")
          continue
        }
        let outcome = try await type(sample.command.text, id: id, worker, source)
        #expect(outcome.status == .code(0), "README:\(line): \(outcome.errors)")
        #expect(outcome.errors == "", "README:\(line)")
        if let match = outcome.output.firstMatch(of: /"stream_id":"([0-9a-f]{32})"/), sample.registers {
          id = String(match.1)
        }
        try check(outcome.output, sample, worker, source)
      }
    }
  }

  private struct Outcome {
    let status: SpawnedExit?
    let output: String
    let errors: String
  }

  private func type(
    _ text: String, id: String, _ worker: WorkerProcess, _ source: SourceServer
  ) async throws -> Outcome {
    let command = text.replacing("http://localhost:8085", with: worker.url(""))
      .replacing("http://tuner.example/live.ts", with: source.url("/live.ts"))
    let written = Mutex((output: [UInt8](), errors: [UInt8]()))
    let process = try await SpawnedProcess.start(
      "sh", ["-ec", "millrace() { '\(WorkerProcess.builtBinary)' \"$@\"; }\n\(command)"],
      environment: FFmpegTool.cleanEnvironment().merging(["ID": id, "API_TOKEN": ""]) { $1 }, directory: Readme.folder
    ) { stream, bytes in
      written.withLock {
        if stream == .standardOutput { $0.output += bytes } else { $0.errors += bytes }
      }
    }
    let status = try await process.exit(within: .seconds(40))
    if status == nil { try await process.stop() }
    return written.withLock {
      Outcome(
        status: status, output: String(decoding: $0.output, as: UTF8.self),
        errors: String(decoding: $0.errors, as: UTF8.self))
    }
  }

  private func check(_ output: String, _ sample: Readme.Sample, _ worker: WorkerProcess, _ source: SourceServer) throws
  {
    guard let answer = sample.answer else { return }
    let line = answer.line
    switch answer.language {
    case "json":
      let differences = try JSONShape(shown: answer.text, real: output).differences
      #expect(differences == [], "README:\(line)")
    case "m3u8":
      // A source that a loaded machine kept waiting was opened again: that is no fault of the README.
      let (shown, real) = (tags(answer.text), tags(output).filter { $0 != "#EXT-X-DISCONTINUITY" })
      #expect(real.prefix(shown.count) == shown[...], "README:\(line)")
      #expect(Set(real) == Set(shown), "README:\(line)")
    case "text": #expect(output == answer.text, "README:\(line)")
    default: Issue.record("README:\(line): an answer in '\(answer.language)', which no test compares")
    }
  }

  /// The name of each line's tag; addresses without their id and number.
  private func tags(_ playlist: String) -> [String] {
    playlist.split(separator: "\n").map { line in
      line.hasPrefix("#")
        ? String(line.prefix { $0 != ":" })
        : String(line.replacing(/[0-9a-f]{32}/, with: "ID").replacing(/n=[0-9]+/, with: "n=N"))
    }
  }
}

extension Readme.Sample {
  /// A POST that is answered with a stream's id.
  fileprivate var registers: Bool { command.text.contains(" -d ") }
}
