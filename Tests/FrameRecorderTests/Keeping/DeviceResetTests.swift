import FrameRecorder
import JSONCoding
import TestKit
import Testing

@Suite("reset-device", .timeLimit(.minutes(3))) struct DeviceResetTests {
  private typealias Options = DeviceReset.Options

  private func reset(_ rig: KeepingRig, _ options: DeviceReset.Options = .init()) async throws -> DeviceReset.Report {
    await DeviceReset(store: rig.store, storage: try rig.services().storage).reset(rig.device, options)
  }

  /// Three segments, their JPEGs and one that waits, a playlist, other things; and another device.
  private func scene(_ rig: KeepingRig) async throws -> (device: MadeDevice, other: MadeDevice) {
    var device = try await MadeDevice(rig)
    var other = try await MadeDevice(rig, try FrameRig.pair("c1:other"), owned: device.owned)
    try await device.record(3)
    try await other.record(2)
    for name in ["a.jpg", "b.JPEG", "c.png", "notes.txt"] {
      try rig.write("x", at: "\(StoragePath.frames(rig.device))/\(name)")
    }
    try rig.write("x", at: "\(StoragePath.frames(other.device))/a.jpg")
    try rig.write("#EXTM3U\n", at: "\(StoragePath.playlist(rig.device))")
    _ = try await device.send()
    return (device, other)
  }

  @Test("empties a device, counts exactly, and numbering begins at 0; another device is as it was")
  func whole() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, partitions: 1)
      var (device, other) = try await scene(rig)
      let waiting = try await rig.store.accept(other.device, ["later"])[0]
      let report = try await reset(rig)
      #expect(
        report.json.text == """
          {"client_id":"c1","device_id":"d1","dry_run":false,"redis_segments_deleted":3,"redis_session_deleted":true,\
          "storage_frames_deleted":3,"storage_segments_deleted":3,"storage_playlist_deleted":true,"errors":[]}
          """)
      #expect(try rig.names(.frames(rig.device)) == ["notes.txt"])
      #expect(try rig.names(.segments(rig.device)) == [] && !rig.exists(.playlist(rig.device)))
      #expect(try await rig.store.segments(rig.device).isEmpty)
      let stream = try await rig.frames.command("XRANGE", "frames:0", "-", "+").elements ?? []
      #expect(stream.compactMap { $0.elements?.first?.text } == [waiting.description])
      #expect(try await rig.frames.command("EXISTS", "frames:session:\(device.session)").integer == 0)
      #expect(try rig.names(.segments(other.device)).count == 2 && rig.names(.frames(other.device)) == ["a.jpg"])
      #expect(try await rig.store.segments(other.device).count == 2)
      _ = try await rig.store.frames(device.owned)
      device.commits.startSession()
      try await device.record(2)
      let listed = try await rig.store.segments(rig.device)
      #expect(listed.map(\.number) == [0, 1] && listed.map(\.mediaSequence) == [0, 1])
    }
  }

  @Test("A dry one counts the same and changes nothing")
  func dry() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, partitions: 1)
      _ = try await scene(rig)
      let before = try await dump(rig)
      var dry = try await reset(rig, Options(isDry: true))
      #expect(try await dump(rig) == before)
      #expect(dry.isDry)
      dry.isDry = false
      #expect(try await reset(rig) == dry)
    }
  }

  /// All keys, with what they hold, and all names of the device.
  private func dump(_ rig: KeepingRig) async throws -> [String] {
    let script = """
      local out = {}
      for _, key in ipairs(redis.call('KEYS', '*')) do out[#out + 1] = key .. redis.sha1hex(redis.call('DUMP', key)) end
      table.sort(out)
      return out
      """
    let keys = try await rig.frames.command("EVAL", script, "0").elements?.compactMap(\.text) ?? []
    return try keys + rig.names(.frames(rig.device)) + rig.names(.segments(rig.device))
  }

  @Test("A batch in work is refused, before and after its publishing")
  func running() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, partitions: 1)
      var (device, _) = try await scene(rig)
      let begun = try await rig.store.number(device.owned, rig.device, EntryID(1))
      try rig.write("x", at: "\(StoragePath.segment(rig.device, begun.number))")
      #expect(try await reset(rig).segments == 4)
      let commit = device.commits.next(begun, [EntryID(1)])
      guard case .reset = try await rig.store.commit(device.owned, commit) else { throw Missing("a refusal") }
      let again = try await rig.store.begin(
        device.owned, rig.device, generation: begun.record.generation, firstEntry: EntryID(1), tryNumber: 1)
      guard case .reset = again else { throw Missing("a refusal: \(again)") }
    }
  }

  @Test("What the trash had of it is not removed from what comes after")
  func trash() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, partitions: 1)
      var device = try await MadeDevice(rig)
      var other = try await MadeDevice(rig, try FrameRig.pair("c1:d1-x"), owned: device.owned)
      try await device.record(2)
      try await other.record(1)
      rig.frames.advance(.seconds(86_401))
      for one in [device, other] { _ = try await rig.store.trim(one.device) }
      _ = try await reset(rig)
      let trash = try await rig.frames.command("ZRANGE", "frames:trash:0", "0", "-1").elements?.map(\.text)
      #expect(trash == ["c1:d1-x:0"])
    }
  }

  @Test("--skip-redis keeps counter and session, and unlists what is gone")
  func skipsRedis() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, partitions: 1)
      var (device, _) = try await scene(rig)
      let report = try await reset(rig, Options(skipsRedis: true))
      #expect(report.listed == 3 && report.sessions == 0 && report.segments == 3 && report.frames == 3)
      #expect(try await rig.store.segments(rig.device).isEmpty)
      try await device.record()
      let listed = try await rig.store.segments(rig.device)
      #expect(listed.map(\.number) == [3] && listed.map(\.mediaSequence) == [3] && listed[0].session == device.session)
    }
  }

  @Test("--skip-storage keeps the files, unlisted, and numbers go on above them")
  func skipsStorage() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, partitions: 1)
      var (device, _) = try await scene(rig)
      try rig.write("x", at: "\(StoragePath.segment(rig.device, 41))")
      let report = try await reset(rig, Options(skipsStorage: true))
      #expect(report.listed == 3 && report.sessions == 1 && report.segments == 0 && report.frames == 0)
      #expect(try rig.names(.segments(rig.device)).count == 4 && rig.names(.frames(rig.device)).count == 4)
      device.commits.startSession()
      try await device.record()
      #expect(try await rig.store.segments(rig.device).map(\.number) == [42])
    }
  }

  @Test("A device that nobody knows is none, and no record is made of it")
  func unknown() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, partitions: 1)
      #expect(try await reset(rig) == DeviceReset.Report(device: rig.device, isDry: false))
      #expect(try await rig.frames.command("DBSIZE").integer == 0)
    }
  }

  @Test("While the device sends, each frame is recorded or discarded, and nothing is left of what was before")
  func sending() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let services = try await rig.services(ListingEncoder(rig.base))
      _ = try await rig.start(services)
      let device = rig.device
      try await rig.send(1)
      try await rig.send(2)
      try await soon("a recording") { try await !rig.store.segments(device).isEmpty }
      let sender = Task { for number in 3...60 { try await rig.send(number) } }
      let report = await DeviceReset(store: rig.store, storage: services.storage).reset(device, .init())
      #expect(report.errors == [])
      try await sender.value
      // Two make a segment: one may be left over.
      try await eventually("all is finished", within: .seconds(20)) { try await rig.waiting() <= 1 }
      if try await rig.waiting() == 1 { try await rig.send(61) }
      try await eventually("the rest too", within: .seconds(20)) { try await rig.waiting() == 0 }
      let segments = try await rig.store.segments(device)
      #expect(segments.first?.number == 0 && segments.first?.mediaSequence == 0)
      let frames = try await rig.listed()
      #expect(frames.contains("f60") && !frames.contains("f1") && Set(frames).count == frames.count)
      #expect(frames == frames.sorted { Int($0.dropFirst()) ?? 0 < Int($1.dropFirst()) ?? 0 })
      var files: [String] = []
      try rig.adapter().list(.segments(device)) {
        files.append($0.name)
        return true
      }
      #expect(files.sorted() == segments.map { SegmentName.text($0.number) })
    }
  }
}
