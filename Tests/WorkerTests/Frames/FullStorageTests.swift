import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  /// A file system of 700 KB, in a mount namespace of the worker's own.
  @Suite struct FullStorage {
    private static let script = """
      mount -t tmpfs -o size=700k tmpfs "$STORAGE_BASE_PATH" && exec setpriv --pdeathsig KILL "$0"
      """

    /// `isWatched`: by STORAGE_MIN_FREE_PERCENT; else only the writing itself says that there is no room.
    @Test(arguments: [true, false]) func nothingIsTornAndAllIsRecordedWhenThereIsRoomAgain(isWatched: Bool) async throws
    {
      try await withFixture { fixture in
        var scene = try await RecordingScene(fixture, devices: 2)
        let limits = isWatched ? ["STORAGE_LOW_FREE_PERCENT": "10", "STORAGE_MIN_FREE_PERCENT": "5"] : [:]
        let worker = try await WorkerProcess.start(
          scene.environment("w1", limits), arguments: ["-rm", "sh", "-c", Self.script, WorkerProcess.builtBinary],
          executable: "unshare")
        fixture.addTeardown { try await worker.terminate() }
        scene.view = "/proc/\(worker.pid)/root\(scene.folder.path)"
        try scene.makeFolders(0..<2)
        try await scene.send(0..<6, devices: 0..<2)
        try await eventually("a segment of each", within: .seconds(20)) { try await scene.recorded(0..<2) == 12 }
        for number in 6..<12 {
          for index in 0..<2 { try scene.write(scene.picture(number, index), to: try scene.path(number, index)) }
        }
        try fill(scene.view + "/ballast")
        if isWatched {
          try await eventually("the word", within: .seconds(20)) { try await worker.get("/readyz").status == 503 }
        }
        var events: [IntakeFrame] = []
        for number in 6..<12 { for index in 0..<2 { events.append(try scene.event(number, index)) } }
        for result in try await scene.store.add(events) { _ = try result.get() }
        try await eventually("two tries", within: .seconds(20)) {
          worker.logLines(containing: "a segment was not encoded").count > 3
        }
        #expect(try await scene.recorded(0..<2) == 12)
        let ready = try await worker.get("/readyz?verbose=1")
        #expect(try ready.status == 503 && ready.json()["reasons"] as? [String] == ["storage"], "\(ready.text)")
        for index in 0..<2 {
          let folder = scene.view + "/" + StoragePath.segments(try scene.device(index)).text
          #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["seg_000000.ts"])
        }
        try FileManager.default.removeItem(atPath: scene.view + "/ballast")
        try await eventually("all frames", within: .seconds(60)) { try await scene.recorded(0..<2) == 24 }
        try await scene.expectWhole(0..<12, devices: 0..<2)
        #expect(try await worker.get("/readyz").status == 200)
      }
    }

    /// Until nothing more can be written.
    private func fill(_ path: String) throws {
      let file = open(path, O_WRONLY | O_CREAT, 0o644)
      try #require(file >= 0)
      defer { close(file) }
      let block = [UInt8](repeating: 1, count: 4096)
      var count = 0
      while write(file, block, block.count) > 0 { count += 1 }
      #expect(errno == ENOSPC && count > 0)
    }
  }
}
