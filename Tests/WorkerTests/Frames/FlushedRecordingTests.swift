import Foundation
import FrameEncoding
import FrameRecorder
import Identifiers
import TestKit
import Testing

extension RecordingTests {
  @Suite struct Flushed {
    private static let (devices, silent) = (0..<100, 90..<100)
    private static let segments = 100

    @Test("Redis loses all under load: 100 recordings of 100 segments are whole again within a minute (19.31)")
    func allIsWholeAgainAndNothingFalls() async throws {
      try await withFixture { fixture in
        let (all, sending) = (Self.devices, 0..<Self.silent.lowerBound)
        let scene = try await RecordingScene(fixture, devices: all.count, partitions: 8, span: 16)
        try await lay(scene)
        let settings = ["PROCESSING_FRAMES_PER_SEGMENT": "2", "FRAMES_CLEANUP_INTERVAL_SECONDS": "10"]
        _ = try await ["w1", "w2"].asyncMap { try await scene.worker($0, settings) }
        try await scene.send(0..<4, devices: sending)
        try await eventually("all to be imported, and more", within: .seconds(90), polling: .milliseconds(250)) {
          let (sent, kept) = try await (counts(scene, sending), counts(scene, Self.silent))
          return sent.allSatisfy { $0 == Self.segments + 2 } && kept.allSatisfy { $0 == Self.segments }
        }
        for index in all {
          try await eventually("the playlist", within: .seconds(20)) { try await scene.isPlaylistWhole(index) }
        }
        let before = try all.map { try Files(scene, $0) }
        let listed = try all.map { try scene.listed($0) }
        let numbers = try await last(scene, all)

        let load = Task {
          for number in 4..<16 {
            try await scene.send(number..<number + 1, devices: sending)
            try await Task.sleep(for: .milliseconds(400))
          }
        }
        try await eventually("the load", within: .seconds(20)) { try await last(scene, sending) != numbers }
        try await scene.redis.flush()
        let flushed = ContinuousClock.now
        var left = Array(all)
        try await eventually("whole playlists", within: .seconds(60), polling: .milliseconds(100)) {
          while let index = left.last {
            let now = Set(try scene.listed(index))
            guard try await scene.isPlaylistWhole(index), now.isSuperset(of: listed[index]) else { return false }
            left.removeLast()
          }
          return true
        }
        print("whole again after", flushed.duration(to: .now))
        try await load.value
        // What Redis had taken and nobody had read is lost; what came later is recorded.
        try await eventually("the last frames", within: .seconds(60), polling: .milliseconds(250)) {
          for index in sending {
            let last = try await scene.store.segments(try scene.device(index)).last
            guard let last, last.captureEnd >= FrameTime(milliseconds: RecordingScene.capture(14)) else { return false }
          }
          return true
        }
        let after = try await last(scene, all)
        for index in all {
          try await eventually("the playlist", within: .seconds(20)) { try await scene.isPlaylistWhole(index) }
          let now = try Files(scene, index)
          #expect(before[index].found.allSatisfy { now.found[$0.key] == $0.value }, "device \(index)")
          #expect(numbers[index] <= after[index], "device \(index)")
          let segments = try await scene.store.segments(try scene.device(index))
          #expect(
            segments.map(\.mediaSequence) == (0..<UInt64(segments.count)).map { $0 }, "device \(index)")
          #expect(zip(segments, segments.dropFirst()).allSatisfy { $0.number < $1.number }, "device \(index)")
          #expect(Array(try scene.listed(index).prefix(listed[index].count)) == listed[index], "device \(index)")
        }
        #expect(sending.allSatisfy { numbers[$0] < after[$0] })
      }
    }

    /// A file as it must stay.
    private struct Files {
      struct Mark: Equatable {
        let inode: UInt64
        let bytes: UInt64
        let changed: Date
      }
      var found: [String: Mark] = [:]

      init(_ scene: RecordingScene, _ index: Int) throws {
        let folder = scene.view + "/" + StoragePath.segments(try scene.device(index)).text
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasPrefix("seg_") {
          let facts = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)
          found[name] = Mark(
            inode: try #require(facts[.systemFileNumber] as? UInt64), bytes: try #require(facts[.size] as? UInt64),
            changed: try #require(facts[.modificationDate] as? Date))
        }
      }
    }

    /// Recordings of an hour ago: one real segment under all their names, and their playlists.
    private func lay(_ scene: RecordingScene) async throws {
      let bytes = try await MediaFixture.make(MediaShape.h264Aac.with { $0.seconds = 2 }).bytes()
      let source = try scene.folder.write(bytes, to: "segment")
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSinceNow: -3_600)], ofItemAtPath: source)
      for index in Self.devices {
        let device = try scene.device(index)
        let folder = scene.view + "/" + StoragePath.segments(device).text
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let session = SessionID.random()
        let segments = (0..<Self.segments).map { number in
          let start = FrameTime(milliseconds: 1_795_200_000_000 + Int64(number) * 2_000)
          return RecordedSegment(
            number: UInt64(number), session: session, epoch: .none, mediaSequence: UInt64(number),
            discontinuitySequence: 0, pts: 90_000 + Int64(number) * 180_000, duration: 180_000, captureStart: start,
            captureEnd: start.advanced(byMilliseconds: 1_000), recorded: start, bytes: bytes.count, frames: 2,
            size: PictureSize(width: 320, height: 180))
        }
        for segment in segments {
          try FileManager.default.linkItem(atPath: source, toPath: folder + "/" + SegmentName.text(segment.number))
        }
        try scene.write(DevicePlaylist.render(segments, .live, target: 2), to: StoragePath.playlist(device).text)
      }
    }

    private func counts(_ scene: RecordingScene, _ devices: Range<Int>) async throws -> [Int] {
      var counts: [Int] = []
      for index in devices { counts.append(try await scene.store.segments(try scene.device(index)).count) }
      return counts
    }

    /// The numbers that were given last.
    private func last(_ scene: RecordingScene, _ devices: Range<Int>) async throws -> [Int] {
      var numbers: [Int] = []
      for index in devices {
        let last = try await scene.store.lastNumber(try scene.device(index))
        numbers.append(last.map { Int($0) } ?? -1)
      }
      return numbers
    }
  }
}
