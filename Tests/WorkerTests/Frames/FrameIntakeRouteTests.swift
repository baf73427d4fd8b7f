import Foundation
import FrameRecorder
import Redis
import TestKit
import Testing

@testable import Worker

@Suite("POST /v1/stream/frames", .timeLimit(.minutes(2))) struct FrameIntakeRouteTests {
  private let garbage = Array("no picture at all".utf8)

  private func pictures(_ count: Int) async throws -> [[UInt8]] {
    try await FrameMaker.pictures(1...count, width: 160, height: 90)
  }

  private struct Answer: Decodable {
    struct Frame: Decodable {
      let index: Int
      let status: String
      let eventID: String?
      let path: String?
      let reason: String?

      enum CodingKeys: String, CodingKey {
        case index, status, reason
        case eventID = "event_id"
        case path = "frame_path"
      }
    }
    let requestID: String
    let clientID: String
    let deviceID: String
    let accepted: Int
    let frames: [Frame]

    enum CodingKeys: String, CodingKey {
      case accepted, frames
      case requestID = "request_id"
      case clientID = "client_id"
      case deviceID = "device_id"
    }
  }

  private struct Refusal: Decodable {
    let status: Int
    let code: String
    let frames: [Answer.Frame]?
  }

  private func expect(
    _ response: RawHTTPResponse, _ status: Int, _ code: String, retryAfter: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let refusal = try response.decoded(as: Refusal.self)
    #expect(response.status == status && refusal.status == status, sourceLocation: sourceLocation)
    #expect(refusal.code == code, sourceLocation: sourceLocation)
    #expect((response.head["Retry-After"] != nil) == retryAfter, sourceLocation: sourceLocation)
  }

  @Test("accepts what is a picture and says what is none, in any order of the parts")
  func accepts() async throws {
    let pictures = try await pictures(2)
    try await withFixture { fixture in
      let server = try await IntakeServer(fixture)
      let frames = [("frame", pictures[0]), ("frame", []), ("frame", garbage), ("frame", pictures[1])]
      let fields =
        IntakeServer.fields("30:dd", client: "acme.eu") + [("lat", Array("1.5".utf8)), ("lon", Array("2".utf8))]
      for parts in [fields + frames, frames + fields] {
        let response = try await server.post(parts + [("other", garbage)], path: "/m3u-proxy/v1/stream/frames")
        let answer = try response.decoded(as: Answer.self)
        #expect(response.status == 202 && answer.accepted == 2)
        #expect(answer.clientID == "acme.eu" && answer.deviceID == "30:dd")
        #expect(answer.requestID == response.head["X-Request-Id"])
        #expect(answer.frames.map(\.index) == [0, 1, 2, 3])
        #expect(answer.frames.map(\.status) == ["accepted", "rejected", "rejected", "accepted"])
        #expect(answer.frames.map(\.reason) == [nil, "empty", "not-an-image", nil])
        for (frame, picture) in [(answer.frames[0], pictures[0]), (answer.frames[3], pictures[1])] {
          let path = try #require(frame.path)
          #expect(path == "client_ids/acme_eu/device_id/30_dd/frames/\(frame.eventID ?? "").jpg")
          #expect(try readFile(server.folder.file(path)) == picture)
        }
        let events = try await server.events().suffix(2)
        #expect(events.map(\.eventID) == [answer.frames[0], answer.frames[3]].compactMap(\.eventID))
        #expect(events.allSatisfy { $0.location == FrameLocation(latitude: 1.5, longitude: 2) })
      }
      #expect(try await server.events().count == 4)
      #expect(server.files.count == 4)
      let astray = IntakeServer.fields() + [("lat", Array("91".utf8)), ("lon", Array("2".utf8))]
      #expect(try await server.post(astray + [("frame", pictures[0])]).status == 202)
      #expect(try await server.events().last?.location == nil)
      #expect(server.metrics.render().contains("millrace_frames_invalid_location_total 1\n"))
      #expect(
        server.metrics.render().contains("millrace_frames_intake_requests_total{status=\"202\"} 3"))
    }
  }

  @Test("answers a repeated request as the first time (19.8)")
  func idempotent() async throws {
    let pictures = try await pictures(2)
    try await withFixture { fixture in
      let server = try await IntakeServer(fixture)
      let parts = IntakeServer.fields() + pictures.map { ("frame", $0) }
      // The answer of the first is lost: nobody reads it.
      let lost = try await RawHTTPClient.connect(port: server.port)
      try await lost.sendRequest(
        "POST", "/v1/stream/frames",
        headers: ["Content-Type": "multipart/form-data; boundary=b0undary", "Idempotency-Key": "k"],
        body: IntakeServer.body(parts))
      try await eventually("the frames") { try await server.events().count == 2 }
      lost.abort()
      let first = try await server.events().map(\.eventID)
      for _ in 0..<2 {
        let answer = try await server.post(parts, headers: ["Idempotency-Key": "k"]).decoded(as: Answer.self)
        #expect(answer.frames.compactMap(\.eventID) == first)
      }
      // The request's own id does the same.
      let named = parts + [("request_id", Array("r7".utf8))]
      let other = try await server.post(named).decoded(as: Answer.self)
      #expect(other.requestID == "r7" && Set(other.frames.compactMap(\.eventID)).isDisjoint(with: first))
      #expect(
        try await server.post(named).decoded(as: Answer.self).frames.map(\.eventID) == other.frames.map(\.eventID))
      #expect(try await server.events().count == 4 && server.files.count == 4)
    }
  }

  @Test("says what is wrong with a request, and keeps nothing of it")
  func refuses() async throws {
    let picture = try await pictures(1)[0]
    try await withFixture { fixture in
      let server = try await IntakeServer(fixture, maxRequestBytes: 1 << 20) {
        $0.maxFrameBytes = 100_000
        $0.maxFrames = 2
        $0.maxPixels = 160 * 90
      }
      let frame = ("frame", picture)
      let fields = IntakeServer.fields()
      try expect(try await server.post(fields, headers: ["Content-Type": "application/json"]), 415, "not-multipart")
      try expect(
        try await server.post(fields, headers: ["Content-Type": "multipart/form-data"]), 400, "multipart-invalid")
      try expect(
        try await server.post([frame], headers: ["Content-Type": "multipart/form-data; boundary=other"]), 400,
        "multipart-invalid")
      let invalid = try await server.post([("device_id", []), ("timestamp", Array("noon".utf8))])
      try expect(invalid, 422, "validation")
      for name in ["device_id", "timestamp", "client_id", "frame"] {
        #expect(invalid.text.contains("\"loc\":[\"body\",\"\(name)\"]"))
      }
      let hopeless = try await server.post(fields + [("frame", garbage), ("frame", [])])
      try expect(hopeless, 422, "no-frame-acceptable")
      #expect(try hopeless.decoded(as: Refusal.self).frames?.map(\.reason) == ["not-an-image", "empty"])
      let large = try await FrameMaker.pictures([1], width: 640, height: 480)[0]
      let pixels = try await server.post(fields + [("frame", large)])
      #expect(try pixels.decoded(as: Refusal.self).frames?.map(\.reason) == ["too-large"])
      try expect(try await server.post([frame, frame, frame] + fields), 422, "too-many-frames")
      let many = (0..<65).map { ("x\($0)", garbage) }
      try expect(try await server.post(fields + many + [frame]), 422, "too-many-parts")
      let heavy = picture + [UInt8](repeating: 0, count: 100_000)
      try expect(try await server.post(fields + [frame, ("frame", heavy)]), 413, "frame-too-large")
      try expect(
        try await server.post(fields + [("other", [UInt8](repeating: 1, count: 1 << 20))]), 413, "body-too-large")
      // That of the frame and that of the Content-Length.
      #expect(server.metrics.render().contains("millrace_frames_intake_requests_total{status=\"413\"} 2"))
      #expect(try await server.events() == [])
      try await eventually("no file") { server.files.isEmpty }
      #expect(try await server.post(fields + [frame, frame]).status == 202)
    }
  }

  @Test("asks for the token before anything is read, and for its client where tokens have one")
  func tokens() async throws {
    let picture = try await pictures(1)[0]
    try await withFixture { fixture in
      let parts = IntakeServer.fields(client: nil) + [("frame", picture)]
      let one = try await IntakeServer(fixture, token: "secret")
      let client = try await RawHTTPClient.connect(port: one.port)
      try await client.send(
        """
        POST /v1/stream/frames HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b0undary\r
        Content-Length: 5000000\r\nExpect: 100-continue\r\n\r\n
        """)
      #expect(try await client.readHead().status == 401)
      client.close()
      try expect(try await one.post(parts, headers: ["X-API-Token": "wrong"]), 403, "token-invalid")
      let named = ["X-API-Token": "secret", "X-Client-Id": "header"]
      #expect(try await one.post(parts, headers: named).decoded(as: Answer.self).clientID == "header")

      let many = try await IntakeServer(fixture, token: "secret", clients: "# who\n\ntoken-a  acme\ntoken-b\tother\n")
      try expect(try await many.post(parts), 401, "token-required")
      try expect(try await many.post(parts, headers: ["X-API-Token": "token-c"]), 403, "token-invalid")
      let own = try await many.post(parts, headers: ["Authorization": "Bearer token-a"])
      #expect(try own.decoded(as: Answer.self).clientID == "acme")
      for headers in [["X-API-Token": "token-a", "X-Client-Id": "other"], ["X-API-Token": "token-b"]] {
        let foreign = parts + (headers.count == 1 ? [("client_id", Array("acme".utf8))] : [])
        try expect(try await many.post(foreign, headers: headers), 403, "client-mismatch")
      }
      #expect(try await many.post(parts, headers: named).decoded(as: Answer.self).clientID == "header")
      #expect(many.files.count == 2)
      for server in [one, many] {
        let log = server.sink.records.map { "\($0.message) \($0.metadata)" }.joined()
        #expect(!log.contains("secret") && !log.contains("token-a"))
      }
    }
  }

  @Test("says that it cannot now: client's folder taken, backlog, no space, no Redis")
  func busy() async throws {
    let picture = try await pictures(1)[0]
    try await withFixture { fixture in
      let server = try await IntakeServer(fixture) { $0.limits = IntakeLimits(partition: 2, device: 3) }
      func send(_ client: String = "c1") async throws -> RawHTTPResponse {
        try await server.post(IntakeServer.fields(client: client) + [("frame", picture)])
      }
      func command(_ words: String...) async throws {
        _ = try await server.connection.send(RedisCommand(words[0], words.dropFirst().map { .text($0) }))
      }
      try await command("HSET", "frames:device:a_b:cam-1", "client", "a.b")
      try expect(try await send("a_b"), 422, "client-collision")
      try await command("HSET", "frames:device:c1:cam-1", "client", "c1", "backlog", "3")
      try expect(try await send(), 429, "device-backlog", retryAfter: true)
      try await command("HSET", "frames:device:c1:cam-1", "backlog", "2")
      #expect(try await send().status == 202)
      #expect(try await send().status == 202)
      try expect(try await send(), 503, "backlog", retryAfter: true)
      #expect(server.files.count == 2)
      try await server.redis.kill()
      try expect(try await send(), 503, "store-unavailable", retryAfter: true)
      #expect(server.files.count == 2)
      let full = try await IntakeServer(fixture, isStorageUsable: false)
      try expect(
        try await full.post(IntakeServer.fields() + [("frame", picture)]), 507, "storage-low", retryAfter: true)
      #expect(full.files == [])
      #expect(full.metrics.render().contains("millrace_frames_intake_requests_total{status=\"507\"} 1"))
    }
  }

  @Test("keeps nothing of a client that leaves, and all of a large file")
  func leaving() async throws {
    let picture = try await pictures(1)[0]
    try await withFixture { fixture in
      let server = try await IntakeServer(fixture, maxRequestBytes: 64 << 20)
      let body = IntakeServer.body(IntakeServer.fields() + [("frame", picture), ("frame", picture)])
      let client = try await RawHTTPClient.connect(port: server.port)
      try await client.send(
        "POST /v1/stream/frames HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b0undary\r\n"
          + "Content-Length: \(body.count)\r\n\r\n")
      try await client.send(Array(body.dropLast(picture.count / 2)))
      try await eventually("two files on their way") { server.files.count == 2 }
      client.abort()
      try await eventually("no file") { server.files.isEmpty }
      #expect(try await server.events() == [])
      try await eventually("its count") {
        server.metrics.render().contains("millrace_frames_intake_requests_total{status=\"gone\"} 1")
      }
      // What follows a JPEG's end is part of its file: 15 MiB that only pass by.
      let padded = picture + [UInt8](repeating: 0xAB, count: 15 << 20)
      let answer = try await server.post(IntakeServer.fields() + [("frame", padded)]).decoded(as: Answer.self)
      #expect(try readFile(server.folder.file(answer.frames[0].path ?? "")) == padded)
    }
  }

  @Test("a request that goes on for too long is a 408")
  func slow() async throws {
    let picture = try await pictures(1)[0]
    try await withFixture { fixture in
      let server = try await IntakeServer(fixture) { $0.mostTime = .milliseconds(300) }
      let client = try await RawHTTPClient.connect(port: server.port)
      defer { client.close() }
      try await client.send(
        "POST /v1/stream/frames HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b0undary\r\n"
          + "Content-Length: 1000000\r\n\r\n")
      try await client.send(IntakeServer.body([("frame", picture)]).dropLast(picture.count / 2))
      try await eventually("a file") { server.files.count == 1 }
      let began = ContinuousClock.now
      while ContinuousClock.now - began < .milliseconds(350) {
        try? await client.send([0x41])
        try await Task.sleep(for: .milliseconds(20))
      }
      #expect(try await client.readHead().status == 408)
      try await eventually("no file") { server.files.isEmpty }
    }
  }

  @Test("takes what curl sends")
  func curl() async throws {
    let picture = try await pictures(1)[0]
    try await withFixture { fixture in
      let server = try await IntakeServer(fixture)
      let file = try server.folder.write(picture, to: "sent.jpg")
      let output = try await FFmpegTool.succeed(
        "curl",
        [
          "-sS", "--max-time", "20", "-F", "frame=@\(file)", "-F", "device_id=cam-1", "-F", "client_id=c1", "-F",
          "timestamp=1795219200", "-F", "frame=@\(file);type=image/jpeg",
          "http://127.0.0.1:\(server.port)/v1/stream/frames",
        ]
      ).output
      let answer = try JSONDecoder().decode(Answer.self, from: Data(output))
      #expect(answer.accepted == 2)
      for frame in answer.frames {
        #expect(try readFile(server.folder.file(frame.path ?? "")) == picture)
      }
    }
  }
}
