import Foundation
import FrameRecorder
import JSONCoding
import TestKit
import Testing

/// Archives on another file system than the recordings, in a mount namespace of the checker's own: no second name can be had.
@Suite("Archives that have to be copied", .timeLimit(.minutes(3))) struct ArchiveCopyTests {
  /// Tries, says what is left, and tries again when it is told to, with room.
  private static let script = """
    archives="$STORAGE_BASE_PATH/$ARCHIVES"; out="$STORAGE_BASE_PATH/out"
    mkdir -p "$archives" "$out" && mount -t tmpfs -o size="$SIZE" tmpfs "$archives" || exit 9
    "$0" offline-checker --once
    find "$archives" -mindepth 1 > "$out/left.new" && mv "$out/left.new" "$out/left"
    for i in $(seq 1200); do test -e "$out/go" && break; sleep 0.05; done
    mount -o remount,size=8m "$archives" && "$0" offline-checker --once && cp -R "$archives" "$out/archives"
    """

  @Test("leave nothing where the disk is full in the copy; with room there is one, complete")
  func full() async throws {
    try await withFixture { fixture in
      let scene = try await RecordingScene(fixture, devices: 1)
      try await scene.recordTwoSegments()
      let (device, session) = (try scene.device(0), try await scene.silence(0))
      let files = try scene.files(0)
      let bytes = files.values.reduce(0) { $0 + $1.count }
      // The first has begun, or is there, when the room ends.
      let pages = max(1, bytes / 2 / 4_096)
      let out = scene.folder.path + "/out"
      let process = try await scene.command(
        ["-rm", "sh", "-c", Self.script, WorkerProcess.builtBinary],
        [
          "ARCHIVES": StoragePath.archives(device).text, "SIZE": String(pages * 4_096),
          "ARCHIVE_OFFLINE_THRESHOLD_SECONDS": "5", "ARCHIVE_MIN_SESSION_DURATION_SECONDS": "0",
        ], executable: "unshare")
      try await eventually("the first try", within: .seconds(60)) {
        FileManager.default.fileExists(atPath: out + "/left")
      }
      #expect(try String(contentsOfFile: out + "/left", encoding: .utf8) == "", "\(process.both)")
      #expect(try await scene.redis.command("HGET", "frames:session:\(session)", "state") == "ended")
      let error = try await scene.redis.command("HGET", "frames:session:\(session)", "error")
      #expect(error.contains("No space left on device"), "\(error)")
      // The next try is due in a minute; here it is now.
      _ = try await scene.redis.command("ZADD", "frames:archives", "XX", "1", "\(device):\(session)")
      try Data().write(to: URL(fileURLWithPath: out + "/go"))
      #expect(try await process.exit(within: .seconds(60)) == .code(0), "\(process.both)")
      try await process.stop()
      #expect(
        process.both.output.contains("\"archives_ready\":0") && process.both.output.contains("\"archives_ready\":1"))
      let archives = out + "/archives"
      #expect(try FileManager.default.contentsOfDirectory(atPath: archives) == [session.text])
      let archive = "\(archives)/\(session)"
      let names = try FileManager.default.subpathsOfDirectory(atPath: archive).sorted()
      #expect(names == ["archive.json", "playlist.m3u8", "segments"] + files.keys.sorted())
      for (name, bytes) in files { #expect(try readFile("\(archive)/\(name)") == bytes) }
      let record = try #require(ArchiveRecord(try readFile(archive + "/archive.json")))
      #expect(record.segments == 2 && record.missing == [] && record.frames == 4)
    }
  }
}
