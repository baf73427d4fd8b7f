import Synchronization
import Testing

@testable import TestKit
@testable import Worker

/// `status` and `drain` against real workers.
@Suite(.timeLimit(.minutes(1))) struct ClusterCommandsTests {
  private struct Outcome {
    let status: Int32
    let output: String
    let errors: String
    var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  private func run(_ arguments: [String], _ environment: [String: String] = [:]) async -> Outcome {
    let written = Mutex((output: "", errors: ""))
    let runner = CommandRunner(
      directory: "/nonexistent", write: { text in written.withLock { $0.output += text } },
      writeError: { text in written.withLock { $0.errors += text } }, serve: { _ in 7 })
    let status = await runner.run(arguments: arguments, environment: environment)
    return written.withLock { Outcome(status: status, output: $0.output, errors: $0.errors) }
  }

  @Test func statusShowsWorkersStreamsAndViewersOfOneWorkerWithoutRedis() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let worker = try await fixture.worker(["WORKER_ID": "w1", "API_TOKEN": "t0ken", "ROOT_PATH": "/p"])
      let token = ["API_TOKEN": "t0ken", "PORT": String(worker.port)]
      let idle = await run(["status"], token)
      #expect(idle.status == 0 && idle.errors == "")
      #expect(idle.output.contains("\nNo streams.\n") && idle.output.contains("\nNo clients.\n"))
      #expect(idle.lines.first?.hasPrefix("worker  address") == true)
      #expect(idle.lines.dropFirst().first?.hasPrefix("w1  ") == true)
      #expect(idle.lines.dropFirst().first?.contains("  serving  ") == true)

      let made = try await worker.post(
        "/streams", json: #"{"url":"\#(source.url("/live.ts"))"}"#, headers: ["X-API-Token": "t0ken"])
      let id = try #require(try made.json()["stream_id"] as? String)
      let viewer = try await fixture.capture(worker, "/stream/\(id)?client_id=kitchen")
      try await viewer.waitFor(bytes: 10_000)
      for address in [["status"], ["status", "--url", worker.url("/p")]] {
        let busy = await run(address, token)
        #expect(busy.status == 0 && busy.errors == "")
        let stream = try #require(busy.lines.first { $0.hasPrefix(id) })
        #expect(stream.contains("  running  w1  ") && stream.contains(" ms  ") && stream.hasSuffix("/live.ts"))
        let client = try #require(busy.lines.first { $0.hasPrefix("kitchen  ") })
        #expect(client.contains("  \(id)  w1      ts  ") && client.hasSuffix("  127.0.0.1"))
      }

      for (arguments, environment, words) in [
        (["status", "--url", worker.url("")], [:], "401 API token required"),
        (["status", "--url", worker.url("")], ["API_TOKEN": "x"], "403 Invalid API token; give the token"),
        (["status", "--url", source.url("")], [:], "answered /health with 404"),
        (["status", "--url", worker.url("/nowhere")], token, "/health with 404 Not Found; is that a Millrace worker"),
      ] {
        let outcome = await run(arguments, environment)
        #expect(outcome.status == 1 && outcome.output == "" && outcome.errors.contains(words), "\(outcome.errors)")
      }
      #expect(await run(["status", "--port=0"]).status == 2)
    }
  }

  @Test func statusIs1WhereNobodyAnswers() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker()
      try await worker.terminate()
      let outcome = await run(["status", "--url", worker.url("")])
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("Connection refused; --url=http://host:port names another worker"))
    }
  }

  @Test func watchGoesOnWhileAWorkerDoesNotAnswer() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker()
      let looks = Mutex((shown: 0, failed: 0))
      let commands = ClusterCommands(
        client: WorkerClient(address: WorkerAddress(host: "127.0.0.1", port: UInt16(worker.port)), token: nil),
        write: { text in looks.withLock { $0.shown += text.hasPrefix("\u{1B}[H\u{1B}[2J") ? 1 : 0 } },
        writeError: { _ in looks.withLock { $0.failed += 1 } }, interval: .milliseconds(10))
      let watching = Task { await commands.status(watches: true) }
      try await eventually("two looks") { looks.withLock { $0.shown >= 2 } }
      try await worker.terminate()
      try await eventually("two looks at nobody") { looks.withLock { $0.failed >= 2 } }
      watching.cancel()
      #expect(await watching.value == 0)
    }
  }

  @Test func drainEndsTheNamedWorkerInOrderWithItsViewers() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let worker = try await fixture.worker(["WORKER_ID": "tv:1", "API_TOKEN": "t0ken"])
      let token = ["X-API-Token": "t0ken"]
      let made = try await worker.post("/streams", json: #"{"url":"\#(source.url("/live.ts"))"}"#, headers: token)
      let id = try #require(try made.json()["stream_id"] as? String)
      let viewer = try await fixture.capture(worker, "/stream/\(id)")
      try await viewer.waitFor(bytes: 10_000)

      let unknown = await run(["drain", "tv:2", "--url", worker.url("")], ["API_TOKEN": "t0ken"])
      #expect(unknown.status == 1 && unknown.errors == "millrace: no worker 'tv:2'; the workers are tv:1\n")
      let refused = await run(["drain", "tv:1", "--url", worker.url("")])
      #expect(refused.status == 1 && refused.errors.contains("401"))
      #expect(try await worker.get("/readyz").status == 200)

      let done = await run(["drain", "tv:1", "--url", worker.url("")], ["API_TOKEN": "t0ken"])
      #expect(done.status == 0 && done.output.hasPrefix("tv:1 drains") && done.errors == "")
      #expect(try await worker.exit(within: .seconds(10)) == .code(0))
      _ = try await viewer.waitForEnd(within: .seconds(2))
      #expect(source.openConnections == 0)
      #expect(worker.logLines(containing: "stopped").count == 1)
    }
  }

  /// Knows a worker `w1` at the address of its first argument, and drains none. Prints its port.
  private static let otherWorker = """
    import http.server, sys
    class Handler(http.server.BaseHTTPRequestHandler):
      def do_GET(self):
        entry = '{"id":"w1","address":"%s","version":"1","last_seen":"","streams":[],"clients":0,"capacity":0,' % sys.argv[1]
        text = {"/workers": '{"workers":[' + entry + '"load":0,"draining":false}]}',
                "/health": '{"status":"healthy"}', "/streams": '{"streams":[]}', "/clients": '{"clients":[]}'}[self.path]
        self.send_response(200); self.end_headers(); self.wfile.write(text.encode())
      def do_POST(self): self.send_error(404)
      def log_message(self, *_): pass
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()
    """

  @Test func drainThroughAnotherWorkerAsksTheNamedOne() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker(["WORKER_ID": "w1"])
      let said = Mutex("")
      let other = try await SpawnedProcess.start(
        "python3", ["-c", Self.otherWorker, "127.0.0.1:\(worker.port)"], environment: FFmpegTool.cleanEnvironment()
      ) { _, bytes in said.withLock { $0 += String(decoding: bytes, as: UTF8.self) } }
      fixture.addTeardown { try await other.stop() }
      let port = try await eventualValue("the other one's port") { said.withLock { Int($0.dropLast()) } }
      let unknown = await run(["drain", "w2", "--url", "http://127.0.0.1:\(port)"])
      #expect(unknown.status == 1 && unknown.errors == "millrace: no worker 'w2'; the workers are w1\n")
      let done = await run(["drain", "w1", "--url", "http://127.0.0.1:\(port)"])
      #expect(done.status == 0 && done.errors == "")
      #expect(try await worker.exit(within: .seconds(10)) == .code(0))
    }
  }
}
