import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct ServedRecording {
    private static let path = "/devices/c1/d0/"

    @Test("Two workers and the file say the same; a window holds exactly what meets it; times are the frames' (19.22)")
    func windows() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 1)
        let workers = try await ["w1", "w2"].asyncMap { try await scene.worker($0) }
        try await scene.send(0..<18, devices: 0..<1)
        try await eventually("the frames", within: .seconds(30)) { try await scene.recorded(0..<1) == 18 }
        try await scene.expectWhole(0..<18, devices: 0..<1)
        let file = try scene.playlist(0)
        for worker in workers { #expect(try await worker.get(Self.path + "playlist.m3u8").body == file) }
        let times = try Self.times(String(decoding: file, as: UTF8.self))
        try #require(times.count == 3)
        for (time, number) in zip(times, [0, 6, 12]) { #expect(abs(time - RecordingScene.capture(number)) <= 1) }

        // Frames 0 to 5, 6 to 11, 12 to 17 are a segment each. In ms, from the first frame on.
        let uris = try scene.listed(0)
        for (from, to, places) in [
          (7_000, 8_000, [1]), (5_000, 6_000, [0, 1]), (5_001, 6_000, [1]), (5_000, 5_999, [0]), (5_001, 5_999, []),
          (11_500, 12_000, [2]), (-5_000, 60_000, [0, 1, 2]), (17_001, 60_000, []), (-5_000, 0, [0]),
        ] {
          let query = "?from=\(RecordingScene.capture(0) + Int64(from))&to=\(RecordingScene.capture(0) + Int64(to))"
          let answers = try await workers.asyncMap { try await $0.get(Self.path + "playlist.m3u8" + query) }
          guard !places.isEmpty else {
            #expect(answers.allSatisfy { $0.status == 404 && $0.text.contains("window-empty") }, "\(from) to \(to)")
            continue
          }
          #expect(answers[0].body == answers[1].body)
          let text = answers[0].text
          let listed = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(String.init)
          #expect(listed == places.map { uris[$0] }, "\(from) to \(to)")
          #expect(text.hasSuffix("\n#EXT-X-ENDLIST\n"), "\(from) to \(to)")
          #expect(try Self.times(text) == places.map { times[$0] }, "\(from) to \(to)")
        }
        for uri in uris {
          let own = try scene.files(0)[uri]
          for worker in workers { #expect(try await worker.get(Self.path + uri).body == own, "\(uri)") }
        }
      }
    }

    /// The playlist's PROGRAM-DATE-TIMEs, in ms.
    private static func times(_ playlist: String) throws -> [Int64] {
      let formatter = ISO8601DateFormatter()
      formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
      let tag = "#EXT-X-PROGRAM-DATE-TIME:"
      return try playlist.split(separator: "\n").filter { $0.hasPrefix(tag) }.map { line in
        let date = try #require(formatter.date(from: String(line.dropFirst(tag.count))), "\(line)")
        return Int64((date.timeIntervalSince1970 * 1_000).rounded())
      }
    }
  }
}
