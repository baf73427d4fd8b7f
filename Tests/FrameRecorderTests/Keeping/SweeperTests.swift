import Foundation
import FrameRecorder
import Observability
import Synchronization
import TestKit
import Testing

@Suite("A sweep", .timeLimit(.minutes(3))) struct SweeperTests {
  private let frames = "client_ids/c1/device_id/d1/frames"

  private func sweep(
    _ rig: KeepingRig, _ change: (inout KeepingSettings) -> Void = { _ in }
  ) async throws -> SweepReport {
    var sweeper = RecordingSweeper(try rig.services(change), looksAtAll: true)
    return await sweeper.sweep()
  }

  @Test("writes no playlist where none are wanted, and removes one that lists nothing any more")
  func withoutPlaylists() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, hourAndGrace: 300)
      var device = try await MadeDevice(rig)
      try await device.record(4, then: .seconds(1_000))
      #expect(try await sweep(rig) { $0.sweep.writesPlaylists = false }.errors == [])
      #expect(try await rig.store.segments(rig.device).map(\.number) == [1, 2, 3])
      #expect(try !rig.exists(.playlist(rig.device)))
      #expect(try await sweep(rig).errors == [])
      try rig.adapter().put([35], at: .playlist(rig.device), replaces: true)
      rig.frames.advance(.seconds(9_000))
      #expect(try await sweep(rig) { $0.sweep.writesPlaylists = false }.errors == [])
      #expect(try !rig.exists(.playlist(rig.device)))
    }
  }

  @Test("removes exactly the segments that are older than the window, when their grace is over")
  func retention() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, hourAndGrace: 300)
      var device = try await MadeDevice(rig)
      try await device.record(4, then: .seconds(1_000))
      // Now 4,000 s after the first, which is 3,600 s old at most from the second on.
      #expect(try await sweep(rig).segmentsDeleted == 0)
      #expect(try await rig.store.segments(rig.device).map(\.number) == [1, 2, 3])
      #expect(
        try await rig.frames.command("ZRANGE", "hls:segments:c1:d1", "0", "-1").elements?.map(\.text) == [
          "1", "2", "3",
        ])
      #expect(try rig.names(.segments(rig.device)).count == 4)
      let text = String(decoding: try rig.adapter().read(.playlist(rig.device), nil), as: UTF8.self)
      #expect(!text.contains("seg_000000.ts") && text.contains("seg_000001.ts"))
      rig.frames.advance(.seconds(301))
      let report = try await sweep(rig)
      #expect(report.segmentsDeleted == 1 && report.bytesFreed > 0 && report.errors == [] && report.devices == 1)
      #expect(try rig.names(.segments(rig.device)) == ["seg_000001.ts", "seg_000002.ts", "seg_000003.ts"])
      rig.frames.advance(.seconds(9_000))
      _ = try await sweep(rig)
      rig.frames.advance(.seconds(9_000))
      _ = try await sweep(rig)
      #expect(try rig.names(.segments(rig.device)) == [])
      #expect(try !rig.exists(.playlist(rig.device)))
      let keys = try await rig.frames.command("EXISTS", "hls:segments:c1:d1", "frames:log:c1:d1").integer
      #expect(keys == 0)
      #expect(try await rig.frames.command("EXISTS", "frames:device:c1:d1", "hls:seq:c1:d1").integer == 2)
    }
  }

  @Test("A backlog of old frames is listed and kept for the whole window from its recording")
  func oldFrames() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      // The commits' captures are of another day than the store's clock.
      rig.frames.advance(.seconds(30 * 86_400))
      try await device.record(2)
      rig.frames.advance(.seconds(23 * 3_600))
      _ = try await sweep(rig)
      #expect(try await rig.store.segments(rig.device).count == 2)
    }
  }

  @Test("removes JPEGs after their time, but none that may still have to be recorded")
  func pictures() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      try rig.write("a", at: "\(frames)/a.jpg")
      try rig.write("b", at: "\(frames)/.b.tmp")
      try rig.write("c", at: "client_ids/c9/device_id/d9/frames/c.png")
      let old = Date(timeIntervalSinceNow: -90_000)
      for name in ["\(frames)/a.jpg", "client_ids/c9/device_id/d9/frames/c.png"] {
        try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: "\(rig.folder.path)/\(name)")
      }
      let entry = try await rig.store.accept(rig.device, ["a"])[0]
      // The entry may be of a file that was written before it.
      _ = try await rig.frames.command("XDEL", rig.store.keys.stream(rig.frames.partition), entry.description)
      _ = try await rig.frames.command(
        "XADD", rig.store.keys.stream(rig.frames.partition), "\(EntryID(entry.milliseconds + 1))", "event", "{}",
        "received", String(Int64(old.timeIntervalSince1970 * 1_000) + 1_000))
      #expect(try await sweep(rig).framesDeleted == 1)
      #expect(try rig.names(rig.place(frames)) == [".b.tmp", "a.jpg"])
      _ = try await rig.frames.command("DEL", rig.store.keys.stream(rig.frames.partition))
      #expect(try await sweep(rig) { $0.sweep.keepHours = 30 }.framesDeleted == 0)
      #expect(try await sweep(rig).framesDeleted == 1)
      rig.frames.advance(.seconds(3_000))
      #expect(try await sweep(rig).orphansDeleted == 0)
      rig.frames.advance(.seconds(800))
      #expect(try await sweep(rig).orphansDeleted == 1)
      #expect(try rig.names(rig.place(frames)) == [])
    }
  }

  @Test("removes segments that nothing names, by the index' age as well")
  func orphans() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(2)
      try rig.write("orphan", at: "\(StoragePath.segment(rig.device, 7))")
      try rig.write("torn", at: "\(StoragePath.segments(rig.device))/.seg_9.1.tmp")
      let begun = try await rig.store.number(device.owned, rig.device, EntryID(99))
      try rig.write("published", at: "\(StoragePath.segment(rig.device, begun.number))")
      #expect(try await sweep(rig).orphansDeleted == 0)
      rig.frames.advance(.seconds(3_800))
      #expect(try await sweep(rig).orphansDeleted == 2)
      let names = try rig.names(.segments(rig.device))
      #expect(names == ["seg_000000.ts", "seg_000001.ts", SegmentName.text(begun.number)])
    }
  }

  @Test("An index that Redis has lost is made of the disk before anything is judged")
  func lostIndex() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(3)
      _ = try await sweep(rig)
      rig.frames.advance(.seconds(7_200))
      var playlist = MadeRecording()
      for at in 0..<3 { playlist.add(Double(at) * 6) }
      let text = DevicePlaylist.render(playlist.segments, .live, target: 6)
      try rig.adapter().put(text, at: .playlist(rig.device), replaces: true)
      try rig.write("unlisted", at: "\(StoragePath.segment(rig.device, 12))")
      _ = try await rig.frames.command("FLUSHALL")
      rig.frames.advance(.seconds(-7_200))
      _ = try await sweep(rig)
      // One that records may be about to commit.
      #expect(try await rig.store.segments(rig.device).isEmpty && rig.exists(.playlist(rig.device)))
      rig.frames.advance(.seconds(7_200))
      let report = try await sweep(rig)
      #expect(report.segmentsDeleted == 0 && report.orphansDeleted == 0 && report.errors == [])
      #expect(try rig.names(.segments(rig.device)).count == 4 && rig.exists(.playlist(rig.device)))
      #expect(try await rig.store.segments(rig.device).map(\.number) == [0, 1, 2])
      #expect(try await rig.frames.command("GET", "hls:seq:c1:d1").text == "12")
      #expect(try await rig.store.knownDevices() == [rig.device])
    }
  }

  @Test("A sweeper looks again at a device whose index is lost, until it has imported it (19.31)")
  func lostSinceTheLook() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(3)
      var made = MadeRecording()
      for at in 0..<3 { made.add(Double(at) * 6) }
      try rig.adapter().put(DevicePlaylist.render(made.segments, .live, target: 6), at: .playlist(rig.device))
      var sweeper = RecordingSweeper(try rig.services())
      _ = await sweeper.sweep()
      _ = try await rig.frames.command("FLUSHALL")
      // Its owner may be at it still.
      _ = await sweeper.sweep()
      #expect(try await rig.store.segments(rig.device).isEmpty)
      rig.frames.advance(.seconds(730))
      _ = await sweeper.sweep()
      #expect(try await rig.store.segments(rig.device).map(\.number) == [0, 1, 2])
    }
  }

  @Test("An index that Redis loses during the sweep is no reason to delete either")
  func lostDuring() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(3)
      var made = MadeRecording()
      for at in 0..<3 { made.add(Double(at) * 6) }
      try rig.adapter().put(DevicePlaylist.render(made.segments, .live, target: 6), at: .playlist(rig.device))
      rig.frames.advance(.seconds(7_200))
      for folder in [StoragePath.segments(rig.device), .archives(rig.device)] {
        let adapter = TroubledAdapter(
          try rig.adapter(), .full, at: .max,
          onList: { path in
            if path == folder { waiting { _ = try? await rig.frames.command("FLUSHALL") } }
          })
        var sweeper = RecordingSweeper(try rig.services(adapter: adapter))
        let report = await sweeper.sweep()
        #expect(report.segmentsDeleted == 0 && report.orphansDeleted == 0)
        #expect(try rig.names(.segments(rig.device)).count == 3 && rig.exists(.playlist(rig.device)))
        _ = try await sweep(rig)
        #expect(try await rig.store.segments(rig.device).count == 3)
        rig.frames.advance(.seconds(7_200))
      }
    }
  }

  @Test("An unmounted storage is left alone")
  func unmounted() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(2)
      rig.frames.advance(.seconds(90_000))
      _ = try await rig.store.trim(rig.device)
      rig.frames.advance(.seconds(301))
      let base = "\(rig.folder.path)/client_ids"
      try FileManager.default.moveItem(atPath: base, toPath: base + "-away")
      let report = try await sweep(rig)
      #expect(report.errors.count == 1 && report.segmentsDeleted == 0)
      #expect(try await rig.frames.command("ZCARD", "frames:trash:\(rig.frames.partition)").integer == 2)
      try FileManager.default.moveItem(atPath: base + "-away", toPath: base)
      #expect(try await sweep(rig).segmentsDeleted == 2)
    }
  }

  @Test("removes archives whose time is over, and enters those that Redis does not know")
  func archives() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(3)
      try await device.end()
      #expect(try await Archiver(rig.services()).makeDue() == 1)
      rig.frames.advance(.seconds(6 * 86_400))
      #expect(try await sweep(rig).archivesDeleted == 0)
      let known = try await rig.frames.hash("frames:session:\(device.session)")
      _ = try await rig.frames.command("FLUSHALL")
      #expect(try await sweep(rig).archivesDeleted == 0)
      let entered = try await rig.frames.hash("frames:session:\(device.session)")
      for name in ["state", "client", "device", "pair", "expires_ms", "segments", "frames", "first", "last", "media"] {
        #expect(entered[name] == known[name], "\(name)")
      }
      rig.frames.advance(.seconds(86_401))
      let report = try await sweep(rig)
      #expect(report.archivesDeleted == 1 && report.errors == [])
      #expect(try rig.names(.archives(rig.device)) == [])
      #expect(try await rig.frames.hash("frames:session:\(device.session)")["state"] == "deleted")
      #expect(try await rig.frames.command("ZCARD", "frames:archives").integer == 0)
    }
  }

  @Test("leaves folders of archives that have no archive.json")
  func foreignArchives() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let session = SessionID.random()
      try rig.write("media", at: "\(StoragePath.archiveSegment(rig.device, session, 3))")
      rig.frames.advance(.seconds(86_400 * 20))
      _ = try await sweep(rig)
      #expect(try rig.exists(.archiveSegment(rig.device, session, 3)))
    }
  }

  @Test("does not follow shared devices; empty folders go")
  func shared() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      try rig.write("a", at: "\(frames)/a.jpg")
      try rig.adapter().link(rig.place("client_ids/c2/device_id/d1"), to: "../../c1/device_id/d1")
      try rig.adapter().create(rig.place("client_ids/c1/device_id/empty/frames"))
      rig.frames.advance(.seconds(3_800))
      #expect(try await sweep(rig).devices == 2)
      #expect(try rig.names(rig.place("client_ids/c1/device_id")) == ["d1"])
      #expect(try rig.names(rig.place("client_ids/c2/device_id")) == ["d1"])
      #expect(try rig.names(rig.place(frames)) == ["a.jpg"])
    }
  }

  @Test("looks into a device's folder once an hour, each at its own time, whichever worker sweeps")
  func looks() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let devices = try (1...24).map { try FrameRig.pair("c1:d\($0)") }
      for device in devices {
        let claim = try await rig.store.claim(rig.store.keys.partition(of: device), for: .init("w1"))
        guard case .claimed(let owned) = claim else { throw Missing("a claim") }
        var made = try await MadeDevice(rig, device, owned: owned)
        try await made.record()
        guard try await rig.store.release(owned) == .done else { throw Missing("a release") }
      }
      let looked = Mutex<[StoragePath: Int]>([:])
      let adapter = TroubledAdapter(
        try rig.adapter(), .full, at: .max,
        onList: { path in
          if path.name == "segments" { looked.withLock { $0[path, default: 0] += 1 } }
        })
      func sweep(looksAtAll: Bool = false) async throws -> Int {
        looked.withLock { $0 = [:] }
        // Another worker's each time.
        var sweeper = RecordingSweeper(try rig.services(adapter: adapter), looksAtAll: looksAtAll)
        #expect(await sweeper.sweep().errors == [])
        return looked.withLock { $0.count }
      }
      // What nobody has looked at is looked at at once.
      #expect(try await sweep() == 24)
      #expect(try await sweep() == 0)
      #expect(try await sweep(looksAtAll: true) == 24)
      var counts: [Int] = []
      for _ in 0..<12 {
        rig.frames.advance(.seconds(300))
        counts.append(try await sweep())
      }
      #expect(counts.reduce(0, +) == 24 && (counts.max() ?? 0) <= 10, "\(counts)")
    }
  }

  @Test("With little space recorded JPEGs go early, and segments if that is wanted")
  func space() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(3, then: .seconds(3_600))
      for (index, age) in [4_000, 20, 2_000].enumerated() {
        try rig.write("picture", at: "\(frames)/f\(index).jpg")
        try FileManager.default.setAttributes(
          [.modificationDate: Date(timeIntervalSinceNow: -Double(age))],
          ofItemAtPath: "\(rig.folder.path)/\(frames)/f\(index).jpg")
      }
      #expect(try await sweep(rig).framesDeleted == 0)
      let report = try await sweep(rig) { $0.sweep.lowFreePercent = 100 }
      // The young one is not known to be recorded.
      #expect(report.framesDeleted == 2)
      #expect(try rig.names(rig.place(frames)) == ["f1.jpg"])
      #expect(try await rig.store.segments(rig.device).count == 3)
      var sweeper = RecordingSweeper(
        try rig.services {
          $0.sweep.lowFreePercent = 100
          $0.sweep.shedsSegments = true
        })
      for _ in 0..<9 { _ = await sweeper.sweep() }
      // A tenth of 24 h is kept in the end.
      #expect(try await rig.store.segments(rig.device).map(\.number) == [1, 2])
    }
  }

  @Test("Deletions are spread")
  func pace() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      for number in 0..<60 { try rig.write("x", at: "\(frames)/\(number).jpg") }
      rig.frames.advance(.seconds(90_000))
      let start = ContinuousClock.now
      #expect(try await sweep(rig) { $0.sweep.deletionsPerSecond = 100 }.framesDeleted == 60)
      #expect(ContinuousClock.now - start >= .milliseconds(500))
    }
  }
}
