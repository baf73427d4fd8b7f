import FrameRecorder
import TestKit
import Testing

@Suite("A device that a sweep takes over", .timeLimit(.minutes(3))) struct AdoptionTests {
  /// What the reference writes: a frame a second.
  private func media(_ rig: KeepingRig, _ number: UInt64, frames: Int, start: Int) async throws {
    try rig.adapter().create(.segments(rig.device))
    try await FFmpegTool.succeed(
      "ffmpeg",
      [
        "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=1", "-frames:v", "\(frames)", "-c:v", "libx264",
        "-preset", "ultrafast", "-tune", "zerolatency", "-mpegts_copyts", "1", "-output_ts_offset", "\(start)", "-f",
        "mpegts", "\(rig.folder.path)/\(StoragePath.segment(rig.device, number))",
      ])
  }

  private func sweep(_ rig: KeepingRig, target: Int = 6) async throws -> SweepReport {
    var sweeper = RecordingSweeper(try rig.services { $0.sweep.target = target })
    return await sweeper.sweep()
  }

  @Test("has a playlist of ours at once, with a target that no segment exceeds", arguments: [(6, 7), (60, 60)])
  func playlist(configured: Int, target: Int) async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      for number in 0..<2 { try await media(rig, UInt64(17 + number), frames: 7, start: 1 + 7 * number) }
      try rig.write("#EXTM3U\n#EXTINF:6.000,\nseg_000016.ts\n", at: "\(StoragePath.playlist(rig.device))")
      rig.frames.advance(.seconds(7_200))
      #expect(try await sweep(rig, target: configured).errors == [])
      let segments = try await rig.store.segments(rig.device)
      #expect(segments.map(\.duration) == [630_000, 630_000])
      #expect(try await rig.store.look(at: [(rig.device, [])])[0].get().record.target == target)
      let text = try rig.adapter().read(.playlist(rig.device), nil)
      #expect(text == DevicePlaylist.render(segments, .live, target: target))
    }
  }

  @Test("keeps no number of a file that it does not list")
  func numbers() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      try await media(rig, 17, frames: 6, start: 1)
      try rig.write("no media", at: "\(StoragePath.segment(rig.device, 18))")
      for member in ["17", "18", "19", "x"] {
        _ = try await rig.frames.command("ZADD", "hls:segments:c1:d1", "1795219200", member)
      }
      rig.frames.advance(.seconds(7_200))
      #expect(try await sweep(rig).errors == [])
      #expect(try await rig.store.segments(rig.device).map(\.number) == [17])
      let listed = try await rig.frames.command("ZRANGE", "hls:segments:c1:d1", "0", "-1").elements?.map(\.text)
      #expect(listed == ["17"])
      #expect(try await rig.frames.command("GET", "hls:seq:c1:d1").text == "19")
      // The index is old enough for what it does not know to go.
      rig.frames.advance(.seconds(3_800))
      #expect(try await sweep(rig).orphansDeleted == 1)
      #expect(try rig.names(.segments(rig.device)) == ["seg_000017.ts"])
    }
  }
}
