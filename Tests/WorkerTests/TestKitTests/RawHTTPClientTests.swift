import TestKit
import Testing

@Suite struct RawHTTPClientTests {
  @Test func aHundredCapturesAtOnceGetTheSameMedia() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer(live: .encoded(.h264Aac.with { $0.groupSeconds = 0.4 }))
      let captures = try await withThrowingTaskGroup { group in
        for _ in 0..<120 {
          group.addTask { try await RawHTTPClient.capture(port: server.port, "/live.ts") }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(server.openConnections("/live.ts") == 120)
      for capture in captures { try await capture.waitFor(bytes: 30_000, within: .seconds(30)) }
      for capture in captures {
        #expect(TSCaptureChecker.check(TSCapture.withoutTornEnd(try await capture.stop())).problems == [])
      }
      try await eventually("all to be closed") { server.openConnections == 0 }
    }
  }

  @Test func aPausedReaderStopsItsSourceAndGoesOnLater() async throws {
    try await withFixture { fixture in
      let file = try await MediaFixture.make(.h264Aac.with { $0.seconds = 3 })
      let server = try await fixture.sourceServer(file: file)
      let capture = try await RawHTTPClient.capture(
        port: server.port, "/slow?bps=20000000", receiveBuffer: 16384, bytesPerSecond: 200_000)
      fixture.addTeardown { try await capture.stop() }
      try await capture.waitFor(bytes: 20_000)
      capture.pause()
      var sent = -1
      try await eventually("the source to be stuck", within: .seconds(10), polling: .milliseconds(300)) {
        defer { sent = server.bytesSent("/slow") }
        return sent == server.bytesSent("/slow")
      }
      let read = capture.count
      #expect(read < sent && server.openConnections("/slow") == 1)
      capture.limit(bytesPerSecond: nil)
      capture.resume()
      try await capture.waitFor(bytes: sent + 1_000_000)
      #expect(capture.longestGap > .milliseconds(300))
      let once = try file.bytes()
      let bytes = try await capture.stop()
      #expect(bytes.indices.allSatisfy { bytes[$0] == once[$0 % once.count] })
    }
  }

  @Test func aRateIsKept() async throws {
    try await withFixture { fixture in
      let file = try await MediaFixture.make(.h264Aac.with { $0.seconds = 10 })
      let server = try await fixture.sourceServer(file: file)
      let capture = try await RawHTTPClient.capture(port: server.port, "/file.ts", bytesPerSecond: 100_000)
      let begun = ContinuousClock.now
      try await capture.waitFor(bytes: 150_000)
      #expect(begun.duration(to: .now) > .seconds(1.4))
      try await capture.stop()
    }
  }

  @Test func headAndBodyCanBeReadPieceByPiece() async throws {
    try await withFixture { fixture in
      let file = try await MediaFixture.make(.audioOnly.with { $0.seconds = 1 })
      let server = try await fixture.sourceServer(file: file)
      let client = try await RawHTTPClient.connect(port: server.port)
      defer { client.close() }
      try await client.send("GET /file.ts HTTP/1.1\r\nHo")
      try await client.send("st: x\r\n\r\n")
      #expect(try await client.readHead().status == 200)
      var body: [UInt8] = []
      while case let piece = try await client.readBody(), !piece.isEmpty { body += piece }
      #expect(try body == file.bytes())
    }
  }

  @Test func aResetIsSentWhenAskedFor() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer()
      let client = try await RawHTTPClient.connect(port: server.port)
      try await client.sendRequest("GET", "/silent")
      try await eventually("the request") { server.openConnections("/silent") == 1 }
      client.abort()
      try await eventually("the end") { server.openConnections("/silent") == 0 }
      await #expect(throws: SocketError.self) { try await client.send("more") }
    }
  }
}
