import EventLoop
import Glibc
import Synchronization
import Testing

@testable import HTTP

/// Drain, stop, and clients of other makes.
@Suite struct ServerEndTests {
  @Test func drainingEndsIdleConnectionsAndFinishesOthers() async throws {
    let (release, isHandling) = (Tally(), Tally())
    var router = echoRouter()
    router.add(.get, "/slow") { _, _ in
      isHandling.add()
      while release.count == 0 { try await Task.sleep(for: .milliseconds(1)) }
      return HTTPResponse(contentType: "text/plain", "done")
    }
    try await withServer(router) { server in
      let idle = try RawClient(port: server.boundPort)
      try idle.get("/echo/x")
      #expect(try idle.readResponse().text == "x")
      let busy = try RawClient(port: server.boundPort)
      try busy.get("/slow")
      #expect(eventually { isHandling.count > 0 })
      let new = try RawClient(port: server.boundPort)
      #expect(eventually { server.metrics.acceptedTotal.load(ordering: .relaxed) == 3 })
      server.beginDrain()
      #expect(try idle.isAtEnd())
      #expect(eventually { (try? RawClient(port: server.boundPort)) == nil })
      release.add()
      for (client, text) in [(busy, "done"), (new, "y")] {
        if client === new { try new.get("/echo/y") }
        let response = try client.readResponse()
        #expect(response.text == text && response["connection"] == "close")
        #expect(try client.isAtEnd())
      }
    }
  }

  @Test func stoppingClosesAllAndCancelsHandlers() async throws {
    let (started, cancelled) = (Tally(), Tally())
    var router = echoRouter()
    router.add(.get, "/slow") { _, _ in
      started.add()
      do {
        try await Task.sleep(for: .seconds(60))
      } catch {
        cancelled.add()
        throw error
      }
      return HTTPResponse()
    }
    let loops = LoopGroup(count: 2, name: "stop")
    let server = HTTPServer(
      configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0), loops: loops, router: router)
    try server.start()
    let clients = await onThread {
      Result {
        let clients = try (0..<20).map { _ in try RawClient(port: server.boundPort) }
        for client in clients[..<10] { try client.get("/slow") }
        #expect(eventually { started.count == 10 })
        return HandedOver(clients)
      }
    }
    async let first: Void = server.stop()
    async let second: Void = server.stop()
    _ = await (first, second)
    #expect(server.metrics.connectionsOpen.load(ordering: .relaxed) == 0)
    let isClosed = await onThread {
      Result { try clients.get().value.allSatisfy { (try? $0.isAtEnd()) != false } }
    }
    #expect(try isClosed.get())
    #expect(await onThread { eventually { cancelled.count == 10 } })
    loops.stop()
  }

  @Test func curlGetsAlong() async throws {
    try await withServer(echoRouter()) { server in
      let url = "http://127.0.0.1:\(server.boundPort)"
      let big = "head -c 900000 /dev/zero | tr '\\0' x"
      let output = run(
        "curl -sS \(url)/echo/a \(url)/echo/b -w '%{http_code} %{num_connects}\\n';"
          + "curl -sS -I \(url)/echo/a -o /dev/null -w '%{http_code}\\n';"
          + "\(big) | curl -sS -H 'Expect: 100-continue' --data-binary @- \(url)/echo | wc -c;"
          + "\(big) | curl -sS -T - -X POST \(url)/echo | wc -c;"
          + "curl -sS --http1.0 \(url)/echo/c -w ' %{http_code}\\n';"
          + "curl -sS --path-as-is \(url)/echo/../x -o /dev/null -w '%{http_code}\\n';"
          + "head -c 5000000 /dev/zero | curl -sS --data-binary @- \(url)/echo -o /dev/null -w '%{http_code}\\n'")
      #expect(output == "a200 1\nb200 0\n200\n900000\n900000\nc 200\n404\n413\n")
    }
  }

  @Test func pythonGetsAlong() async throws {
    try await withServer(echoRouter()) { server in
      let script = """
        import http.client
        c = http.client.HTTPConnection('127.0.0.1', \(server.boundPort), timeout=10)
        for n in range(3):
            c.request('POST', '/echo', body=(b'ab' for _ in range(n)), encode_chunked=True,
                      headers={'Transfer-Encoding': 'chunked'})
            r = c.getresponse(); print(r.status, r.read().decode())
        c.request('OPTIONS', '/echo'); r = c.getresponse(); print(r.status, r.getheader('Allow'), r.read())
        """
      #expect(run("python3 -c \"\(script)\"") == "200 \n200 ab\n200 abab\n204 POST, OPTIONS b''\n")
    }
  }

  private func run(_ command: String) -> String {
    guard let pipe = popen(command, "r") else { return "" }
    defer { pclose(pipe) }
    var output: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while case let count = fread(&piece, 1, 4096, pipe), count > 0 { output += piece[..<count] }
    return String(decoding: output, as: UTF8.self)
  }
}

/// A value that one thread after the other uses.
// Safe: the test hands it from thread to thread and waits in between.
private struct HandedOver<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}
