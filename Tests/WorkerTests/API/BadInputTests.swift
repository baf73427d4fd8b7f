import TestKit
import Testing

@Suite struct BadInputTests {
  @Test func eachIsAnsweredAsTheContractSays() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker(["SOURCE_ALLOW": "", "STREAMLINK_ENABLED": "false"])
      for input in BadInput.all {
        let answer = try await RawHTTPClient.request(
          input.method, port: worker.port, input.target, headers: input.headers, body: input.body)
        #expect(answer.status == input.status, "\(input.name): \(answer.text)")
        #expect(answer.head["Content-Type"] == "application/problem+json", "\(input.name)")
        let problem = try answer.decoded(as: ProblemBody.self)
        #expect(problem.detail == input.detail, "\(input.name)")
        #expect(problem.code == input.code && problem.type == "urn:millrace:error:\(input.code)", "\(input.name)")
        #expect(problem.status == input.status && !problem.title.isEmpty, "\(input.name)")
        #expect(problem.requestID == answer.head["X-Request-Id"], "\(input.name)")
      }
      #expect(try await worker.get("/streams").json()["total"] as? Int == 0)
      #expect(worker.logLines(containing: "error") == [])
    }
  }

  @Test func aWrongMethodNamesTheRightOnes() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker(["HEADER_TIMEOUT": "0.5"])
      let wrong = try await RawHTTPClient.request("PUT", port: worker.port, "/streams")
      #expect(wrong.head["Allow"] == "GET, HEAD, POST, OPTIONS")
      let options = try await RawHTTPClient.request("OPTIONS", port: worker.port, "/m3u-proxy/streams/by-metadata/")
      #expect(options.status == 204 && options.head["Allow"] == "GET, HEAD, DELETE, OPTIONS")

      let slow = try await RawHTTPClient.connect(port: worker.port)
      try await slow.send("GET /health HTTP/1.1\r\nHost: a\r\n")
      #expect(try await slow.isClosedByPeer(within: .seconds(5)))

      let chunked = try await RawHTTPClient.connect(port: worker.port)
      defer { chunked.close() }
      try await chunked.send("POST /streams HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
      let chunk = "20000\r\n" + String(repeating: " ", count: 0x20000) + "\r\n"
      for _ in 0..<9 { try? await chunked.send(chunk) }
      #expect(try await chunked.readHead().status == 413)
    }
  }
}
