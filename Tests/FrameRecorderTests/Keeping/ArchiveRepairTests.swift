import Foundation
import FrameRecorder
import TestKit
import Testing

@Suite("archive-repair", .timeLimit(.minutes(3))) struct ArchiveRepairTests {
  /// An archive as the reference left it: times that overlap, a playlist of its own with wrong durations.
  private func foreign(_ rig: KeepingRig, _ session: SessionID, starts: [Int] = [0, 10, 20]) async throws {
    let folder = StoragePath.archiveSegments(rig.device, session)
    try rig.adapter().create(folder)
    var playlist = "#EXTM3U\n"
    for (index, start) in starts.enumerated() {
      let path = "\(rig.folder.path)/\(StoragePath.archiveSegment(rig.device, session, UInt64(index + 7)))"
      _ = try await FFmpegTool.succeed(
        "ffmpeg",
        [
          "-v", "error", "-f", "lavfi", "-i", "testsrc=size=128x96:rate=1:duration=6", "-c:v", "libx264", "-preset",
          "ultrafast", "-tune", "zerolatency", "-pix_fmt", "yuv420p", "-f", "mpegts", "-mpegts_copyts", "1",
          "-output_ts_offset", String(start), path,
        ])
      playlist += "#EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:00:\(10 + 6 * index).500Z\n"
      playlist += "#EXTINF:9.000,\nsegments/\(SegmentName.text(UInt64(index + 7)))\n"
    }
    try rig.write(playlist, at: "\(StoragePath.archivePlaylist(rig.device, session))")
  }

  private func repair(
    _ rig: KeepingRig, _ options: ArchiveRepair.Options = .init()
  ) async throws -> ArchiveRepair.Report {
    await ArchiveRepair(try rig.services()).repair(options)
  }

  private func playlist(_ rig: KeepingRig, _ session: SessionID) throws -> String {
    String(decoding: try rig.adapter().read(.archivePlaylist(rig.device, session), nil), as: UTF8.self)
  }

  @Test("adopts an archive of the reference: true durations, its own dates, known to Redis")
  func adopt() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let session = SessionID.random()
      try await foreign(rig, session)
      let before = try rig.adapter().read(.archiveSegment(rig.device, session, 8), nil)
      let report = try await repair(rig)
      #expect(report.archives == 1 && report.repaired == 1 && report.remuxed == 0 && report.errors == [])
      let text = try playlist(rig, session)
      #expect(text.contains("#EXT-X-TARGETDURATION:6\n") && text.hasSuffix("#EXT-X-ENDLIST\n"))
      #expect(text.components(separatedBy: "#EXTINF:6.000,").count == 4)
      #expect(text.components(separatedBy: "#EXT-X-DISCONTINUITY\n").count == 3)
      #expect(text.contains("#EXT-X-PROGRAM-DATE-TIME:2026-11-21T04:00:16.500Z"))
      let record = try #require(ArchiveRecord(try rig.adapter().read(.archiveRecord(rig.device, session), nil)))
      #expect(record.first == 7 && record.last == 9 && record.segments == 3 && record.playable == 3 * 540_000)
      #expect(record.started.description == "2026-11-21T04:00:10.500Z")
      #expect(try await rig.frames.hash("frames:session:\(session)")["state"] == "ready")
      #expect(try rig.adapter().read(.archiveSegment(rig.device, session, 8), nil) == before)
      let again = try await repair(rig)
      #expect(again.sound == 1 && again.repaired == 0)
    }
  }

  @Test("--remux makes times and counters go on; files that are linked elsewhere stay as they are")
  func remux() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let session = SessionID.random()
      try await foreign(rig, session, starts: [3, 3, 50])
      let shared = StoragePath.segment(rig.device, 8)
      try rig.adapter().share(.archiveSegment(rig.device, session, 8), as: shared)
      let before = try rig.adapter().read(shared, nil)
      let report = try await repair(rig, .init(remuxes: true))
      #expect(report.repaired == 1 && report.remuxed == 2 && report.errors == [])
      #expect(try rig.adapter().read(shared, nil) == before)
      #expect(try !playlist(rig, session).contains("DISCONTINUITY\n"))
      let joined = "\(rig.folder.path)/joined.ts"
      var bytes: [UInt8] = []
      for number in 7...9 {
        bytes += try rig.adapter().read(.archiveSegment(rig.device, session, UInt64(number)), nil)
      }
      try Data(bytes).write(to: URL(fileURLWithPath: joined))
      #expect(try await SegmentReader.warnings(ofFile: joined) == "")
      let times = try await SegmentReader.samples(ofFile: joined).map(\.pts)
      #expect(times.count == 18 && zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 90_000 })
    }
  }

  @Test("--remux takes one that was adopted as it was, and finishes what it began; ours with a gap stays")
  func remuxLater() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let session = SessionID.random()
      try await foreign(rig, session, starts: [3, 3, 50])
      #expect(try await repair(rig).repaired == 1)
      let (before, record) = (try playlist(rig, session), StoragePath.archiveRecord(rig.device, session))
      let json = try rig.adapter().read(record, nil)
      let report = try await repair(rig, .init(remuxes: true))
      #expect(report.repaired == 1 && report.remuxed == 2 && report.sound == 0 && report.errors == [])
      let after = try playlist(rig, session)
      let joint = "#EXT-X-DISCONTINUITY\n#MILLRACE-SESSION:\(session)\n"
      #expect(before.replacing(joint, with: "") == after && before != after)
      #expect(try rig.adapter().read(record, nil) == json)
      // As if it had died before the last step.
      try rig.write(before, at: "\(StoragePath.archivePlaylist(rig.device, session))")
      let again = try await repair(rig, .init(remuxes: true))
      #expect(again.repaired == 1 && again.remuxed == 0)
      #expect(try playlist(rig, session) == after)

      var device = try await MadeDevice(rig)
      try await device.record(3)
      try await device.end()
      try rig.adapter().delete(.segment(rig.device, 1))
      #expect(try await Archiver(rig.services()).makeDue() == 1)
      let gap = try playlist(rig, device.session)
      let rest = try await repair(rig, .init(remuxes: true))
      #expect(rest.sound == 2 && rest.repaired == 0 && rest.errors == [])
      #expect(try playlist(rig, device.session) == gap && gap.contains("#EXT-X-DISCONTINUITY\n"))
    }
  }

  @Test("leaves ours and those in work; one without media is an error; so many at most")
  func choice() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(2)
      try await device.end()
      try rig.write("in work", at: "\(StoragePath.archiveSegment(rig.device, device.session, 0))")
      let empty = SessionID.random()
      try rig.write("no media", at: "\(StoragePath.archiveSegment(rig.device, empty, 0))")
      let report = try await repair(rig)
      #expect(report.archives == 2 && report.sound == 1 && report.repaired == 0 && report.errors.count == 1)
      let sessions = [SessionID.random(), .random()]
      for session in sessions { try await foreign(rig, session, starts: [0]) }
      #expect(try await repair(rig, .init(limit: 1)).repaired == 1)
      #expect(try await repair(rig, .init(session: sessions[0], device: rig.device)).archives == 1)
      _ = try await repair(rig)
      #expect(try await rig.store.unknown(sessions.map { ArchiveMember(rig.device, $0) }) == [])
    }
  }
}
