import Foundation
import TestKit
import Testing

@Suite struct SourceServerTests {
  private static let small = MediaShape.h264Aac.with { $0.groupSeconds = 0.4 }

  private func head(_ server: SourceServer, _ target: String) async throws -> HTTPHead {
    let client = try await RawHTTPClient.connect(port: server.port)
    defer { client.close() }
    try await client.sendRequest("GET", target)
    return try await client.readHead()
  }

  @Test func aLiveSourceGivesEveryClientCleanMediaFromAKeyFrameOn() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer(live: .encoded(Self.small))
      var captures: [LiveCapture] = []
      for _ in 0..<3 { captures.append(try await RawHTTPClient.capture(port: server.port, "/live.ts")) }
      #expect(server.openConnections("/live.ts") == 3)
      for capture in captures { try await capture.waitFor(bytes: 60_000) }
      for capture in captures {
        let bytes = try await capture.stop()
        #expect(TSCaptureChecker.check(TSCapture.withoutTornEnd(bytes)).problems == [])
        #expect(try await FFmpegTool.decodeErrors(ofCapture: bytes) == "")
      }
      try await eventually("the connections to be gone") { server.openConnections == 0 }
      #expect(server.totalConnections("/live.ts") == 3)
    }
  }

  @Test func liveMediaComesNoFasterThanRealTime() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer(live: .encoded(Self.small))
      let capture = try await RawHTTPClient.capture(port: server.port, "/live?join=anywhere")
      fixture.addTeardown { try await capture.stop() }
      try await capture.waitFor(bytes: 1)
      let begun = ContinuousClock.now
      func seconds() -> Double { TSCaptureChecker.check(capture.bytes, beginning: .anywhere).seconds(ofPID: 256) }
      try await eventually("four seconds of media", within: .seconds(20)) { seconds() >= 4 }
      // An FFmpeg that was late catches up.
      #expect(begun.duration(to: .now) > .seconds(2))
    }
  }

  @Test func aLoopedFileGoesOnAfterItsEnd() async throws {
    try await withFixture { fixture in
      let file = try await MediaFixture.make(.mpeg2Ac3.with { $0.seconds = 1 })
      let server = try await fixture.sourceServer(live: .looped(file))
      let capture = try await RawHTTPClient.capture(port: server.port, "/live.ts")
      try await capture.waitFor(bytes: 2 * file.bytes().count)
      let report = TSCaptureChecker.check(try await capture.stop(), beginning: .anywhere)
      #expect(report.continuityErrorCount == 0)
      #expect(report.seconds(ofPID: 256) > 1.5)
    }
  }

  @Test func closesAndStallsAfterSoManyBytes() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer(live: .encoded(Self.small))
      let closing = try await RawHTTPClient.capture(port: server.port, "/close-after?bytes=20000")
      #expect(try await closing.waitForEnd() == .complete)
      #expect(closing.count == 20000)

      let stalling = try await RawHTTPClient.capture(port: server.port, "/stall-after?bytes=20000")
      try await stalling.waitFor(bytes: 20000)
      try await stalling.read(for: .milliseconds(300))
      #expect(stalling.count == 20000 && stalling.end == nil)
      #expect(server.openConnections("/stall-after") == 1)
      try await stalling.stop()
      try await eventually("the source to see its client go") { server.openConnections == 0 }
    }
  }

  @Test func commandsReachOpenConnections() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer(live: .encoded(Self.small))
      let capture = try await RawHTTPClient.capture(port: server.port, "/live-a.ts")
      let other = try await RawHTTPClient.capture(port: server.port, "/live-b.ts")
      fixture.addTeardown { try await other.stop() }
      try await capture.waitFor(moreBytes: 5000)
      server.stall("/live-a.ts")
      try await eventually("silence", within: .seconds(10)) {
        capture.forgetGaps()
        let before = capture.count
        try await capture.read(for: .milliseconds(300))
        return capture.count == before
      }
      try await other.waitFor(moreBytes: 5000)
      server.resume("/live-a.ts")
      try await capture.waitFor(moreBytes: 20000)
      server.resetAll("/live-a.ts")
      guard case .cut = try await capture.waitForEnd() else {
        Issue.record("the reset did not show: \(String(describing: capture.end))")
        return
      }
      #expect(other.end == nil)
      server.closeAll("/live-b.ts")
      #expect(try await other.waitForEnd() == .complete)
    }
  }

  @Test func aPathCanBeToldToBehaveOtherwise() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer()
      #expect(try await head(server, "/live.ts").status == 503)
      server.set(.status(403), for: "/live.ts")
      #expect(try await head(server, "/live.ts?user=a").status == 403)
      server.set(.refuse, for: "/live.ts")
      await #expect(throws: (any Error).self) { _ = try await head(server, "/live.ts") }
      server.set(nil, for: "/live.ts")
      #expect(try await head(server, "/live.ts").status == 503)
      #expect(server.totalConnections("/live.ts") == 4)
    }
  }

  @Test func errorsPagesAndRedirects() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer()
      #expect(try await RawHTTPClient.request(port: server.port, "/status/404").status == 404)
      #expect(try await RawHTTPClient.request(port: server.port, "/status/500").status == 500)
      #expect(try await RawHTTPClient.request(port: server.port, "/unknown").status == 404)
      let page = try await RawHTTPClient.request(port: server.port, "/html")
      #expect(page.status == 200 && page.head["content-type"]?.hasPrefix("text/html") == true)
      #expect(page.text.hasPrefix("<!DOCTYPE html>"))
      let redirect = try await head(server, "/redirect?to=http%3A%2F%2F127.0.0.1%3A1%2Fx%3Fa%3Db")
      #expect(redirect.status == 302 && redirect["Location"] == "http://127.0.0.1:1/x?a=b")
    }
  }

  @Test func silenceNoiseAndADrippingHead() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer(live: .encoded(Self.small))
      let silent = try await RawHTTPClient.connect(port: server.port)
      try await silent.sendRequest("GET", "/silent")
      await #expect(throws: RawHTTPClient.Failure.timeout("the head")) {
        _ = try await silent.readHead(within: .milliseconds(300))
      }
      silent.close()

      let noise = try await RawHTTPClient.capture(port: server.port, "/garbage")
      try await noise.waitFor(bytes: 50_000)
      #expect(TSCaptureChecker.check(try await noise.stop()).problems.count > 100)

      let begun = ContinuousClock.now
      let dripping = try await RawHTTPClient.capture(port: server.port, "/drip?ms=3")
      #expect(begun.duration(to: .now) > .milliseconds(180))
      try await dripping.waitFor(bytes: 5000)
      try await dripping.stop()
    }
  }

  @Test func filesHaveLengthAndRanges() async throws {
    try await withFixture { fixture in
      let file = try await MediaFixture.make(.h264Aac.with { $0.seconds = 3 })
      let bytes = try file.bytes()
      let server = try await fixture.sourceServer(file: file)
      let whole = try await RawHTTPClient.request(port: server.port, "/file.ts")
      #expect(whole.status == 200 && whole.body == bytes)

      let parts: [(String, Range<Int>)] = [
        ("bytes=0-99", 0..<100), ("bytes=100-", 100..<bytes.count), ("bytes=-10", (bytes.count - 10)..<bytes.count),
      ]
      for (range, expected) in parts {
        let part = try await RawHTTPClient.request(port: server.port, "/file.ts", headers: ["Range": range])
        #expect(part.status == 206 && part.body == Array(bytes[expected]))
        #expect(
          part.head["Content-Range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/\(bytes.count)")
      }
      let beyond = ["Range": "bytes=\(bytes.count)-"]
      #expect(try await RawHTTPClient.request(port: server.port, "/file.ts", headers: beyond).status == 416)
      let head = try await RawHTTPClient.request("HEAD", port: server.port, "/file.ts")
      #expect(head.head["Content-Length"] == String(bytes.count) && head.body.isEmpty)

      let cut = try await RawHTTPClient.capture(port: server.port, "/file.ts?cut=1000")
      #expect(try await cut.waitForEnd() == .cut("the peer closed: in the body"))
      #expect(cut.bytes == Array(bytes[..<1000]))

      let begun = ContinuousClock.now
      let slow = try await RawHTTPClient.capture(port: server.port, "/slow?bps=50000")
      try await slow.waitFor(bytes: 50_000)
      #expect(begun.duration(to: .now) > .seconds(0.9))
      try await slow.stop()
    }
  }

  @Test func requestsAreRecordedAsTheyCame() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer()
      let fields = ["User-Agent": "Player/1.0", "X-Key": "a: b"]
      _ = try await RawHTTPClient.request(port: server.port, "/status/200?a=1", headers: fields)
      let request = try #require(server.requests("/status/200").first)
      #expect(request.method == "GET" && request.target == "/status/200?a=1")
      #expect(request["user-agent"] == "Player/1.0" && request["x-key"] == "a: b")
    }
  }

  @Test func aServerThatIsDownRefusesAndComesBackOnItsPort() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer(live: .encoded(Self.small))
      let capture = try await RawHTTPClient.capture(port: server.port, "/live.ts")
      try await server.goDown()
      guard case .cut = try await capture.waitForEnd() else {
        Issue.record("a connection survived")
        return
      }
      await #expect(throws: SocketError.self) { _ = try await RawHTTPClient.connect(port: server.port) }
      try server.comeBack()
      #expect(try await head(server, "/live.ts").status == 200)
    }
  }

  @Test func aRestartedSourceBeginsItsClockAnew() async throws {
    try await withFixture { fixture in
      let server = try await fixture.sourceServer(live: .encoded(Self.small))
      func firstTime() async throws -> UInt64 {
        let capture = try await RawHTTPClient.capture(port: server.port, "/live?join=anywhere")
        try await capture.waitFor(bytes: 40_000)
        let report = TSCaptureChecker.check(try await capture.stop(), beginning: .anywhere)
        return try #require(report.firstTime[256])
      }
      _ = try await firstTime()
      let late = try await firstTime()
      try await server.restartLive()
      #expect(try await firstTime() < late)
    }
  }

  @Test func nothingIsLeftAfterwards() async throws {
    let server = try await SourceServer.start(live: .encoded(Self.small))
    let client = try await RawHTTPClient.connect(port: server.port)
    try await client.sendRequest("GET", "/live.ts")
    _ = try await client.readHead()
    try await server.stop()
    #expect(try await client.isClosedByPeer())
    await #expect(throws: SocketError.self) { _ = try await RawHTTPClient.connect(port: server.port) }
    client.close()
  }
}
