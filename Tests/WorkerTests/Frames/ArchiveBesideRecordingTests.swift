import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct ArchiveBesideRecording {
    private static let archives = 10
    private static let segments = 240

    @Test("Archives of 240 segments take a second each at most, no disk, and hold no recording up (19.30)")
    func archives() async throws {
      try await withFixture { fixture in
        let scene = try await RecordingScene(fixture, devices: 2)
        let worker = try await scene.worker("w1", ["FRAMES_CHECK_INTERVAL_SECONDS": "1"])
        try await scene.send(0..<6, devices: 0..<1)
        try await eventually("a segment", within: .seconds(30)) { try await scene.recorded(0..<1) == 6 }
        try await endSessions(scene)
        try await eventually("the first archive", within: .seconds(30)) {
          let counts = try await scene.store.countArchives()
          return counts[.archiving] != nil || counts[.ready] != nil
        }
        try await scene.send(0..<6, devices: 1..<2)
        let sent = Int64(Date().timeIntervalSince1970 * 1_000)
        try await eventually("the other device's frames", within: .seconds(30)) {
          try await scene.recorded(1..<2) == 6
        }
        // Not behind the archives: the last frame waits for its segment alone.
        let last = try #require(try await scene.store.segments(try scene.device(1)).last)
        #expect(last.recorded.milliseconds - sent <= 5_000)
        try await eventually("all archives", within: .seconds(60)) {
          try await scene.store.countArchives()[.ready] == Self.archives
        }
        let seconds = try await worker.metric("millrace_frames_archive_seconds_sum")
        print("archives:", Self.archives, "in", seconds, "s")
        #expect(try await worker.metric("millrace_frames_archive_seconds_count") == Double(Self.archives))
        let quick = try await worker.metric("millrace_frames_archive_seconds_bucket{le=\"1\"}")
        #expect(quick == Double(Self.archives))
        try await scene.expectWhole(0..<6, devices: 1..<2)
        try expectNoDisk(scene)
      }
    }

    /// As many sessions of the device as archives, all of them ended; each has segments of its own, whose files are links to the first.
    private func endSessions(_ scene: RecordingScene) async throws {
      let device = try scene.device(0)
      let session = try #require(try await scene.store.look(at: [(device, [])])[0].get().record.session)
      let storage = try FileAdapter(base: scene.view)
      for number in 1...Self.archives * Self.segments {
        try storage.share(.segment(device, 0), as: .segment(device, UInt64(number)))
      }
      let script = """
        local record = redis.call('HGETALL', 'frames:session:\(session)')
        local now = redis.call('TIME')[1] .. '000'
        for archive = 0, \(Self.archives - 1) do
          local id = string.format('%08x-0000-4000-8000-000000000000', archive)
          local first = archive * \(Self.segments) + 1
          for n = first, first + \(Self.segments - 1) do
            redis.call('XADD', 'frames:log:\(device)', n .. '-1', 'session', id, 'epoch', '1', 'msn', n, 'dsn', archive + 1,
              'pts', '90000', 'dur', '540000', 'cap', n * 6000, 'cap_end', n * 6000 + 5000, 'wall', now,
              'bytes', '1', 'frames', '6', 'size', '160x96')
          end
          redis.call('HSET', 'frames:session:' .. id, unpack(record))
          redis.call('HSET', 'frames:session:' .. id, 'state', 'ended', 'first', first, 'last', first + \(Self.segments - 1))
          redis.call('ZADD', 'frames:archives', 1, '\(device):' .. id)
        end
        """
      #expect(try await scene.redis.command("EVAL", script, "0") == "")
    }

    /// Each archive has all segments as links, and no more than 1 MiB besides.
    private func expectNoDisk(_ scene: RecordingScene) throws {
      let device = try scene.device(0)
      let recorded = try Set(files(scene.view + "/" + StoragePath.segments(device).text).map(\.inode))
      let folder = scene.view + "/" + StoragePath.archives(device).text
      let archives = try FileManager.default.contentsOfDirectory(atPath: folder)
      #expect(archives.count == Self.archives)
      for archive in archives {
        let files = try files(folder + "/" + archive)
        #expect(files.count { recorded.contains($0.inode) } == Self.segments)
        let more = files.filter { !recorded.contains($0.inode) }.reduce(0) { $0 + $1.bytes }
        #expect(more <= 1 << 20, "\(more) bytes")
      }
    }

    /// Files and folders below a folder, and what they take on the disk.
    private func files(_ folder: String) throws -> [(inode: UInt64, bytes: Int)] {
      let walk = try #require(FileManager.default.enumerator(atPath: folder))
      return walk.compactMap { name in
        var status = stat()
        guard lstat("\(folder)/\(name)", &status) == 0 else { return nil }
        return (UInt64(status.st_ino), Int(status.st_blocks) * 512)
      }
    }
  }
}
