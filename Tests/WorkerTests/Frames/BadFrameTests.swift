import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct BadFrames {
    /// What stands in place of a good frame, where among six, and as what it is buried; nil: it is not, or may be kept.
    private struct Trouble: Sendable {
      let name: String
      let place: Int
      let reason: String?
      var isKept = false
      /// Nil: there is no file.
      let make: @Sendable ([UInt8]) -> [UInt8]?
    }

    private static let troubles = [
      Trouble(name: "empty first", place: 0, reason: "empty") { _ in [] },
      Trouble(name: "empty in the middle", place: 3, reason: "empty") { _ in [] },
      Trouble(name: "empty last", place: 5, reason: "empty") { _ in [] },
      Trouble(name: "garbage", place: 0, reason: "not-an-image") { _ in
        (0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ 7) }
      },
      Trouble(name: "cut at 10 %", place: 1, reason: nil, isKept: true) { Array($0.prefix($0.count / 10)) },
      Trouble(name: "cut at 50 %", place: 2, reason: nil, isKept: true) { Array($0.prefix($0.count / 2)) },
      Trouble(name: "cut at 90 %", place: 4, reason: nil, isKept: true) { Array($0.prefix($0.count * 9 / 10)) },
      Trouble(name: "a text file", place: 2, reason: "not-an-image") { _ in Array("no picture\n".utf8) },
      Trouble(name: "missing", place: 3, reason: "missing") { _ in nil },
    ]

    @Test func theOthersAllAppearAndTheDeviceGoesOn() async throws {
      try await withFixture { fixture in
        let troubles = Self.troubles
        // The last device has a quote and a blank in a name, which is no trouble.
        let all = 0..<troubles.count + 1
        let scene = try await RecordingScene(fixture, devices: all.count, partitions: 4)
        _ = try await scene.worker("w1", ["FRAMES_FILE_WAIT_SECONDS": "1"])
        var frames: [IntakeFrame] = []
        for (index, trouble) in troubles.enumerated() {
          for number in 0..<6 {
            let whole = scene.picture(number, index)
            let bytes = number == trouble.place ? trouble.make(whole) : whole
            if let bytes { try scene.write(bytes, to: try scene.path(number, index)) }
            frames.append(try scene.event(number, index))
          }
        }
        for number in 0..<6 {
          let path = try scene.path(number, troubles.count, name: "it's \(number)")
          try scene.write(scene.picture(number, troubles.count), to: path)
          frames.append(try scene.event(number, troubles.count, path: path))
        }
        for result in try await scene.store.add(frames) { _ = try result.get() }
        try await scene.send(6..<12, devices: all)
        try await eventually("two segments of each", within: .seconds(30)) {
          var count = 0
          for index in all { count += try await scene.store.segments(try scene.device(index)).count }
          return count == 2 * all.count
        }
        for index in all {
          try await eventually("the playlist", within: .seconds(10)) { try await scene.isPlaylistWhole(index) }
          let trouble = index < troubles.count ? troubles[index] : nil
          let good = (0..<12).filter { $0 != trouble?.place }
          let shown = try await scene.shown(index)
          if trouble?.isKept == true {
            #expect(shown.compactMap { $0 }.filter { $0 != trouble?.place } == good, "\(trouble?.name ?? "")")
          } else {
            #expect(shown == good, "\(trouble?.name ?? "a quote")")
          }
          for segment in try await scene.store.segments(try scene.device(index)) {
            #expect(segment.duration == Int64(segment.frames) * 90_000, "\(trouble?.name ?? "a quote")")
          }
        }
        let dead = try await scene.dead()
        for (index, trouble) in troubles.enumerated() where !trouble.isKept {
          #expect(dead["d\(index)"] == trouble.reason, "\(trouble.name)")
        }
        #expect(dead["d\(troubles.count)"] == nil)
      }
    }

    /// An entry of the stream that is no frame, and how it is buried.
    private struct BadEvent: Sendable {
      let text: String
      let reason: String
      /// The detail's beginning.
      let detail: String
    }

    private static func event(
      _ change: (inout [String: any Sendable]) -> Void, _ reason: String, _ detail: String = ""
    ) throws -> BadEvent {
      var fields: [String: any Sendable] = [
        "eventId": "bad", "clientId": "c1", "deviceId": "d0", "timestamp": RecordingScene.capture(0),
        "framePath": "client_ids/c1/device_id/d0/frames/0.jpg",
      ]
      change(&fields)
      let text = String(decoding: try JSONSerialization.data(withJSONObject: fields), as: UTF8.self)
      return BadEvent(text: text, reason: reason, detail: detail)
    }

    private static func badEvents(_ scene: RecordingScene) throws -> [BadEvent] {
      let elsewhere = scene.folder.path + "-elsewhere/client_ids/c1/0.jpg"
      return [
        BadEvent(text: "{\"eventId\":", reason: "json", detail: ""), BadEvent(text: "[1]", reason: "json", detail: ""),
        try event({ $0["more"] = String(repeating: "x", count: 17_000) }, "json"),
        try event({ $0["framePath"] = nil }, "invalid", "framePath"),
        try event({ $0["eventId"] = "" }, "invalid", "eventId"),
        try event({ $0["deviceId"] = 7 }, "invalid", "deviceId"),
        try event({ $0["timestamp"] = "yesterday" }, "invalid", "timestamp"),
        try event({ $0["clientId"] = String(repeating: "c", count: 129) }, "invalid", "clientId"),
        try event({ $0["framePath"] = "client_ids/c2/device_id/d0/frames/0.jpg" }, "path"),
        try event({ $0["framePath"] = "client_ids/c1/../c2/0.jpg" }, "path"),
        try event({ $0["framePath"] = "/etc/passwd" }, "path"), try event({ $0["framePath"] = elsewhere }, "path"),
        try event({ $0["framePath"] = "gs://bucket/client_ids/c1/0.jpg" }, "unsupported-storage"),
        try event(
          {
            ($0["clientId"], $0["deviceId"]) = ("a_b", "x")
            $0["framePath"] = "client_ids/a_b/0.jpg"
          }, "client-collision"),
      ]
    }

    @Test("Events that are none are dead letters within a second, and the frames behind them are recorded (19.5)")
    func badEvents() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1)
        _ = try await scene.worker("w1")
        try await eventually("the owner", within: .seconds(20)) { try await scene.isOwned(by: ["w1"]) }
        // Its folder is another client's.
        _ = try await scene.redis.command("HSET", "frames:device:a_b:x", "client", "a.b", "device", "x")
        var expected: [String: BadEvent] = [:]
        for (number, bad) in try Self.badEvents(scene).enumerated() {
          try await scene.send(number..<number + 1, devices: 0..<1)
          expected[try await scene.redis.command("XADD", "frames:0", "*", "event", bad.text)] = bad
        }
        try await scene.send(expected.count..<18, devices: 0..<1)
        try await eventually("the dead letters", within: .seconds(20)) {
          try await scene.letters().count == expected.count
        }
        for letter in try await scene.letters() {
          let bad = try #require(expected[letter.entry])
          #expect(
            letter.reason == bad.reason && letter.detail.hasPrefix(bad.detail), "\(bad.text.prefix(300)): \(letter)")
          #expect(letter.waited <= 1_000, "\(letter)")
        }
        try await eventually("the frames", within: .seconds(30)) { try await scene.recorded(0..<1) == 18 }
        try await scene.expectWhole(0..<18, devices: 0..<1, dead: expected.count)
      }
    }

    @Test func eventsThatComeThriceAppearOnceOverATakeover() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 4, partitions: 4)
        let first = try await scene.worker("w1")
        _ = try await scene.worker("w2")
        try await eventually("shares", within: .seconds(20)) { try await scene.isOwned(by: ["w1", "w2"]) }
        try await scene.send(0..<9, devices: 0..<4, times: 3)
        try await eventually("a segment of each", within: .seconds(20)) { try await scene.recorded(0..<4) == 24 }
        try await first.kill()
        try await scene.send(3..<12, devices: 0..<4, times: 3)
        try await eventually("all frames", within: .seconds(30)) { try await scene.recorded(0..<4) == 48 }
        try await scene.send(0..<12, devices: 0..<4, times: 3)
        try await eventually("what came again to be gone", within: .seconds(20)) {
          var waiting = 0
          for partition in 0..<4 { waiting += Int(try await scene.redis.command("XLEN", "frames:\(partition)")) ?? 1 }
          return waiting == 0
        }
        try await scene.expectWhole(0..<12, devices: 0..<4)
      }
    }
  }
}
