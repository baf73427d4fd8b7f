import FrameRecorder
import Observability
import Synchronization
import TestKit
import Testing

@Suite("The keeping in the background", .timeLimit(.minutes(3))) struct FrameJobsTests {
  private func jobs(_ rig: KeepingRig, _ name: String) throws -> FrameJobs {
    let services = try rig.services {
      $0.checkInterval = .milliseconds(50)
      $0.cleanupInterval = .milliseconds(100)
    }
    return FrameJobs(services, worker: name, bootToken: "boot-\(name)")
  }

  private func state(_ rig: KeepingRig, _ session: SessionID) async throws -> String? {
    try await rig.frames.hash("frames:session:\(session)")["state"]
  }

  @Test("ends a session, archives it, lets it go; another one takes over when the first stops")
  func life() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, hourAndGrace: 30)
      var device = try await MadeDevice(rig)
      try await device.record(3)
      let (first, second) = (try jobs(rig, "w1"), try jobs(rig, "w2"))
      first.start()
      try await eventually("a checker") {
        try await rig.frames.command("GET", "frames:checker").text == "boot-w1:w1"
      }
      second.start()
      rig.frames.advance(.seconds(61))
      try await device.drain()
      let session = device.session
      try await eventually("an archive", within: .seconds(20)) { try await state(rig, session) == "ready" }
      #expect(try await rig.frames.command("GET", "frames:checker").text == "boot-w1:w1")
      await first.stop()
      try await eventually("the other one", within: .seconds(20)) {
        try await rig.frames.command("GET", "frames:checker").text == "boot-w2:w2"
      }
      rig.frames.advance(.seconds(7 * 86_400 + 60))
      try await eventually("its end", within: .seconds(20)) { try await state(rig, session) == "deleted" }
      #expect(try rig.names(.archives(rig.device)) == [])
      try await eventually("an empty index", within: .seconds(20)) { try await rig.store.segments(rig.device).isEmpty }
      // Their grace, which begins with their leaving it.
      rig.frames.advance(.seconds(60))
      try await eventually("no segments", within: .seconds(20)) { try rig.names(.segments(rig.device)) == [] }
      await second.stop()
      #expect(try await rig.frames.command("EXISTS", "frames:checker", "frames:sweeper").integer == 0)
    }
  }

  @Test("Redis loses all while devices send and sweeps run: no file goes or changes, no counter falls")
  func flush() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let services = try await rig.services(ListingEncoder(rig.base))
      let (_, owned) = try await rig.start(services)
      var settings = KeepingSettings()
      settings.checkInterval = .milliseconds(50)
      settings.cleanupInterval = .milliseconds(50)
      let keeping = KeepingServices(
        store: rig.store, storage: services.storage, settings: settings, metrics: KeepingMetrics(MetricsRegistry()),
        logger: services.logger)
      let jobs = FrameJobs(keeping, worker: "w1", bootToken: "b")
      jobs.start()
      let devices = try (0..<20).map { try FrameRig.pair("c1:d\($0)") }
      for device in devices { for number in 0..<10 { try await send(rig, device, number) } }
      try await eventually("all is recorded", within: .seconds(40)) { try await rig.waiting() == 0 }
      try await playlistsAreWhole(rig, devices)
      let before = try devices.map { try files(rig, $0) }
      let last = try await lastNumbers(rig, devices)

      let sender = Task {
        for number in 10..<30 { for device in devices { try await send(rig, device, number) } }
      }
      try await eventually("more to be recorded", within: .seconds(20)) {
        try await lastNumbers(rig, devices) != last
      }
      _ = try await rig.frames.command("FLUSHALL")
      // As the keeper of partitions does.
      #expect(try await rig.store.assert(owned) == .done)
      try await sender.value
      for device in devices { for number in 30..<32 { try await send(rig, device, number) } }
      try await eventually("all goes on", within: .seconds(60)) {
        for device in devices {
          let found = try await rig.store.segments(device).last.map { try text(rig, device, $0.number) }
          guard let found, found.contains("f30") || found.contains("f31") else { return false }
        }
        return true
      }
      try await playlistsAreWhole(rig, devices)
      for (index, device) in devices.enumerated() {
        let now = try files(rig, device)
        #expect(before[index].allSatisfy { now[$0.key] == $0.value }, "\(device)")
        let listed = try await rig.store.segments(device).map { SegmentName.text($0.number) }
        // What only Redis had is a file that nothing lists any more.
        #expect(Set(before[index].keys).isSubset(of: listed) && Set(listed).isSubset(of: now.keys), "\(device)")
      }
      let after = try await lastNumbers(rig, devices)
      #expect(zip(last, after).allSatisfy { $0 < $1 })
      await jobs.stop()
    }
  }

  private func send(_ rig: RecorderRig, _ device: DevicePair, _ number: Int) async throws {
    let path = "\(StoragePath.frames(device))/f\(number).jpg"
    guard let place = StoragePath(path) else { throw Missing("a path") }
    try rig.adapter().put(Array("picture\n".utf8), at: place, replaces: true)
    let event = """
      {"eventId":"\(device.device)-\(number)","clientId":"\(device.client)","deviceId":"\(device.device)",\
      "timestamp":\(1_795_219_200 + number),"framePath":"\(path)"}
      """
    guard case .success(.added) = try await rig.store.add([IntakeFrame(device, event: event)])[0] else {
      throw Missing("an entry")
    }
  }

  private func text(_ rig: RecorderRig, _ device: DevicePair, _ number: UInt64) throws -> String {
    String(decoding: try rig.adapter().read(.segment(device, number), nil), as: UTF8.self)
  }

  private func files(_ rig: RecorderRig, _ device: DevicePair) throws -> [String: String] {
    var files: [String: String] = [:]
    var names: [String] = []
    try rig.adapter().list(.segments(device)) {
      names.append($0.name)
      return true
    }
    for name in names {
      guard let number = SegmentName.number(of: name) else { continue }
      files[name] = try text(rig, device, number)
    }
    return files
  }

  private func playlistsAreWhole(_ rig: RecorderRig, _ devices: [DevicePair]) async throws {
    try await eventually("whole playlists", within: .seconds(60)) {
      for device in devices {
        let listed = try await rig.store.segments(device).map(\.number)
        guard try rig.adapter().look(.playlist(device)) != nil,
          let file = ImportedPlaylist.parse(try rig.adapter().read(.playlist(device), nil)),
          file.segments.map(\.number) == listed
        else { return false }
      }
      return true
    }
  }

  private func lastNumbers(_ rig: RecorderRig, _ devices: [DevicePair]) async throws -> [Int] {
    var numbers: [Int] = []
    for device in devices {
      numbers.append(Int(try await rig.frames.command("GET", "hls:seq:\(device)").text ?? "") ?? -1)
    }
    return numbers
  }
}
