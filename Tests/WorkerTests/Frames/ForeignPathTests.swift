import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct ForeignPaths {
    /// A picture's number, and text, that nothing recorded may have.
    private static let foreign = 4_711
    private static let words = "words-of-a-system-file-0f1e2d"

    @Test("Paths that are not the client's are dead letters, and not one byte behind them comes out (19.17)")
    func nothingComesOutOfThem() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1, span: 12)
        let outside = try fixture.temporaryFolder("outside")
        let picture = try await FrameMaker.pictures([Self.foreign], width: 160, height: 96)[0] + Array(Self.words.utf8)
        let system = try outside.write(Array(Self.words.utf8), to: "shadow")
        let strange = try outside.write(picture, to: "strange.jpg")
        let others = "client_ids/c2/device_id/d9/frames"
        let manager = FileManager.default
        try manager.createDirectory(atPath: scene.folder.file(others), withIntermediateDirectories: true)
        try scene.write(picture, to: others + "/other.jpg")
        let own = scene.folder.file("client_ids/c1/device_id/d0/frames")
        for (name, target) in [
          ("out.jpg", strange), ("passwd.jpg", system), ("other.jpg", "../../../../c2/device_id/d9/frames/other.jpg"),
          ("folder", outside.path), ("loop.jpg", "loop.jpg"),
        ] {
          try manager.createSymbolicLink(atPath: own + "/" + name, withDestinationPath: target)
        }
        #expect(mkfifo(own + "/pipe.jpg", 0o644) == 0)
        try manager.createDirectory(atPath: own + "/folder.jpg", withIntermediateDirectories: false)
        let frames = "client_ids/c1/device_id/d0/frames/"
        let paths = [
          others + "/other.jpg", scene.folder.file(others + "/other.jpg"), "/etc/passwd", system, strange,
          frames + "../../../../c2/device_id/d9/frames/other.jpg", frames + "../../../../../../../../etc/passwd",
          frames + "out.jpg", frames + "passwd.jpg", frames + "other.jpg", frames + "folder/strange.jpg",
          frames + "loop.jpg", frames + "pipe.jpg", frames + "folder.jpg", "client_ids/c1", "client_ids/c10/x.jpg",
          "file://" + strange, "/proc/self/environ",
        ]
        let worker = try await scene.worker(
          "w1", ["LOG_LEVEL": "trace", "FRAMES_FILE_WAIT_SECONDS": "1", "PROCESSING_MAX_SEGMENT_WAIT_SECONDS": "1"])
        var events: [IntakeFrame] = []
        for (place, path) in paths.enumerated() {
          events.append(try event(scene, "bad-\(place)", place, path))
        }
        for number in 0..<12 {
          try scene.write(scene.picture(number, 0), to: try scene.path(number, 0))
          events.append(try scene.event(number, 0))
        }
        for result in try await scene.store.add(events) { _ = try result.get() }
        try await eventually("all to be done", within: .seconds(60)) {
          try await scene.redis.command("XLEN", "frames:0") == "0"
        }
        let reasons = try await reasons(scene)
        for (place, path) in paths.enumerated() { #expect(reasons["bad-\(place)"] == "path", "\(path)") }
        #expect(reasons.count == paths.count && !reasons.values.contains { $0 != "path" })
        try await eventually("the playlist", within: .seconds(10)) { try await scene.isPlaylistWhole(0) }
        let shown = try await scene.shownAlone(0)
        #expect(Set(shown) == Set((0..<12).map { $0 }) && !shown.contains(Self.foreign))

        // In files that were written, in Redis, in answers and in the log.
        let planted: Set<String> = [others + "/other.jpg"]
        let entries = manager.enumerator(atPath: scene.folder.path)?.allObjects as? [String] ?? []
        var looked = 0
        for entry in entries where !planted.contains(entry) {
          let path = scene.folder.file(entry)
          let type = try manager.attributesOfItem(atPath: path)[.type] as? FileAttributeType
          guard type == .typeRegular else { continue }
          looked += 1
          #expect(!contains(try readFile(path)), "\(entry)")
        }
        #expect(looked > 12)
        let letters = try await scene.redis.command("XRANGE", "frames:dead", "-", "+")
        #expect(!contains(Array(letters.utf8)) && !contains(Array(worker.log.utf8)))
        for uri in ["playlist.m3u8"] + (try scene.listed(0)) {
          let answer = try await worker.get("/devices/c1/d0/" + uri)
          #expect(answer.status == 200 && !contains(answer.body), "\(uri)")
        }
        for path in ["/devices/c1/d0/segments/..%2f..%2fframes%2fout.jpg", "/devices/c2/d9/frames/other.jpg"] {
          let answer = try await worker.get(path)
          #expect(answer.status == 404 && !contains(answer.body), "\(path)")
        }
      }
    }

    private func contains(_ bytes: [UInt8]) -> Bool { Data(bytes).range(of: Data(Self.words.utf8)) != nil }

    private func event(_ scene: RecordingScene, _ id: String, _ second: Int, _ path: String) throws -> IntakeFrame {
      let device = try scene.device(0)
      return IntakeFrame(
        device,
        event: """
          {"eventId":"\(id)","clientId":"c1","deviceId":"d0","timestamp":\(RecordingScene.capture(second % 12)),\
          "framePath":"\(path)"}
          """)
    }

    /// By event id.
    private func reasons(_ scene: RecordingScene) async throws -> [String: String] {
      let script = """
        local found = {}
        for _, entry in ipairs(redis.call('XRANGE', 'frames:dead', '-', '+')) do
          local fields = {}
          for i = 1, #entry[2], 2 do fields[entry[2][i]] = entry[2][i + 1] end
          found[#found + 1] = cjson.decode(fields.event).eventId .. ' ' .. fields.reason
        end
        return found
        """
      let lines = try await scene.redis.command("EVAL", script, "0").split(separator: "\n")
      let words = lines.map { $0.split(separator: " ").map(String.init) }.filter { $0.count == 2 }
      return Dictionary(words.map { ($0[0], $0[1]) }) { first, _ in first }
    }
  }
}
