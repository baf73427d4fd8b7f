import Foundation
import Testing

@testable import TestKit

@Suite struct WorkerProcessTests {
  /// A stand-in that does what `WorkerProcess` relies on: says its port, starts an ffmpeg, ends on SIGTERM.
  private func standIn(_ fixture: Fixture, onTerm: String = "sys.exit(0)") throws -> String {
    let folder = try fixture.temporaryFolder("stand-in")
    let script = """
      #!/usr/bin/env python3
      import http.server, os, signal, subprocess, sys
      ffmpeg = subprocess.Popen(["ffmpeg", "-v", "quiet", "-re", "-f", "lavfi", "-i", "anullsrc", "-f", "null", "-"])
      def end(*_):
          ffmpeg.kill()
          ffmpeg.wait()
          \(onTerm)
      signal.signal(signal.SIGTERM, end)
      class Handler(http.server.BaseHTTPRequestHandler):
          def do_GET(self):
              text = " ".join(sorted(os.environ)).encode()
              self.send_response(200)
              self.send_header("Content-Length", str(len(text)))
              self.end_headers()
              self.wfile.write(text)
      server = http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler)
      print(f"info listening host=127.0.0.1 port={server.server_address[1]} worker.id=x", file=sys.stderr, flush=True)
      server.serve_forever()
      """
    let path = try folder.write(Array(script.utf8), to: "worker")
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
    return path
  }

  @Test func startsAsksCountsAndEndsAWorker() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker(["EXTRA": "1"], executable: try standIn(fixture))
      let names = try await worker.get("/").text.split(separator: " ")
      #expect(names.contains("EXTRA") && names.contains("SOURCE_ALLOW") && !names.contains("HOME"))
      try await eventually("its ffmpeg") { worker.ffmpegs.count == 1 }
      #expect(worker.residentBytes > 1_000_000 && worker.descriptorCount > 3)
      #expect(worker.logLines(containing: "listening").count == 1)
      let children = worker.ffmpegs
      #expect(try await worker.terminate() == .code(0))
      #expect(!children.contains(where: ProcessTable.isAlive))
      #expect(!ProcessTable.isAlive(worker.pid))
    }
  }

  @Test func aWorkerThatEndsWithAnErrorFailsItsTest() async throws {
    await #expect(throws: WorkerProcess.Failed.self) {
      try await withFixture { fixture in
        _ = try await fixture.worker(executable: try standIn(fixture, onTerm: "sys.exit(3)"))
      }
    }
  }

  @Test func aWorkerThatDoesNotStartOrDoesNotEndSaysSo() async throws {
    try await withFixture { fixture in
      let ended = await #expect(throws: WorkerProcess.Failed.self) {
        try await WorkerProcess.start(executable: "/bin/false")
      }
      #expect(ended?.description.contains("code(1)") == true)
      let mute = await #expect(throws: WorkerProcess.Failed.self) {
        try await WorkerProcess.start(arguments: ["60"], executable: "/bin/sleep", within: .milliseconds(200))
      }
      #expect(mute?.description.contains("waited") == true)

      let stubborn = try await WorkerProcess.start(executable: try standIn(fixture, onTerm: "return"))
      await #expect(throws: WorkerProcess.Failed.self) { try await stubborn.terminate(within: .milliseconds(300)) }
      #expect(!ProcessTable.isAlive(stubborn.pid))
    }
  }

  @Test(
    arguments: [
      ("x listening port=8085 a=b\n", 8085), ("{\"message\":\"listening\",\"port\":\"41000\"}\n", 41000),
      ("{\"message\":\"listening\",\"port\": 41000}\n", 41000), ("listening port=41", nil), ("port=41\n", nil),
      ("starting port=0\nlistening port=99\n", 99),
    ] as [(String, Int?)])
  func readsThePortFromTheLog(log: String, port: Int?) {
    #expect(WorkerProcess.listeningPort(in: log) == port)
  }

  @Test func theBuiltBinaryIsBesideTheTests() {
    #expect(FileManager.default.isExecutableFile(atPath: WorkerProcess.builtBinary))
  }
}
