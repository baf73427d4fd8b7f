import FrameEncoding
import FrameRecorder
import TestKit
import Testing

@Suite("Shared devices of the stream", .timeLimit(.minutes(3))) struct SharedDeviceTests {
  /// A recorder of all partitions, and devices by where they are: `real`, `near` in its partition, `far` in another one.
  struct Scene {
    let rig: RecorderRig
    let real: DevicePair
    let near: DevicePair
    let far: DevicePair
    private static let partitions = 4

    init(_ fixture: Fixture) async throws {
      let rig = try await RecorderRig(fixture, partitions: Self.partitions)
      self.rig = rig
      let real = rig.device
      self.real = real
      near = try rig.frames.other { $0 == rig.frames.partition }
      far = try rig.frames.other { $0 != rig.frames.partition }
    }

    func start(_ worker: String = "w1", _ change: (inout RecorderSettings) -> Void = { _ in }) async throws -> Recorder
    {
      let recorder = Recorder(try await rig.services(ListingEncoder(rig.base), change))
      for number in 0..<Self.partitions {
        recorder.start(try await rig.frames.claim(rig.store, worker, FramePartition(number)))
      }
      rig.frames.fixture.addTeardown { await recorder.stop() }
      return recorder
    }

    func link(_ device: DevicePair, to target: String) throws {
      let folder = StoragePath.devices(of: device.client)
      try rig.adapter().create(folder)
      try rig.adapter().link(.device(device), to: target)
    }

    func link(_ device: DevicePair, to other: DevicePair) throws {
      try link(device, to: "../../\(other.client)/device_id/\(other.device)")
    }

    /// A frame of the real device's folder, as an event of any device. `path`: as the event has it; nil: by its device's name.
    func send(_ number: Int, of device: DevicePair, path: String? = nil) async throws {
      let file = "frames/f\(number).jpg"
      let place = try #require(StoragePath("\(StoragePath.device(real))/\(file)"))
      try rig.adapter().put(Array("picture \(number)".utf8), at: place, replaces: true)
      let event = """
        {"eventId":"f\(number)","clientId":"\(device.client)","deviceId":"\(device.device)",\
        "timestamp":\(1_795_219_200 + number),"framePath":"\(path ?? "\(StoragePath.device(device))/\(file)")"}
        """
      guard case .success(.added) = try await rig.store.add([IntakeFrame(device, event: event)])[0] else {
        throw Missing("an entry")
      }
    }

    func waiting() async throws -> Int64 {
      var count: Int64 = 0
      for number in 0..<Self.partitions {
        count += try await rig.frames.command("XLEN", "frames:\(number)").integer ?? 0
      }
      return count
    }

    func backlog(_ device: DevicePair) async throws -> Int {
      try await rig.store.look(at: [(device, [])])[0].get().record.backlog
    }

    /// Reason and detail of each.
    func dead() async throws -> [(reason: String, detail: String)] {
      try await rig.frames.command("XRANGE", "frames:dead", "-", "+").elements?.map { entry in
        let fields = Dictionary(entry.elements?[1].pairs ?? []) { first, _ in first }
        return (fields["reason"] ?? "", fields["detail"] ?? "")
      } ?? []
    }
  }

  private func names(_ numbers: some Sequence<Int>) -> [String] { numbers.map { "f\($0)" } }

  @Test("are recorded as the device that their folders lead to, in order and once, whatever partition they are of")
  func recorded() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      try scene.link(scene.far, to: scene.real)
      // By way of another one, and with the base's own path.
      try scene.link(scene.near, to: "\(scene.rig.base)/\(StoragePath.device(scene.far))")
      _ = try await scene.start()
      for number in 1...30 {
        let device = [scene.real, scene.near, scene.far][number % 3]
        try await scene.send(number, of: device)
        if number % 3 == 0 {
          // The same one under its other names.
          try await scene.send(number, of: scene.far)
          try await scene.send(number, of: scene.near)
        }
      }
      try await soon("all frames") { try await scene.rig.listed().count == 30 }
      #expect(try await scene.rig.listed().sorted() == names(1...30).sorted())
      try await soon("nothing to wait") { try await scene.waiting() == 0 }
      #expect(try await scene.dead().isEmpty)
      for device in [scene.near, scene.far] {
        #expect(try await scene.rig.frames.hash("frames:device:\(device)").isEmpty)
        #expect(try await scene.rig.store.segments(device).isEmpty)
      }
    }
  }

  @Test("keep their order through a partition that has no owner for a while")
  func order() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      try scene.link(scene.far, to: scene.real)
      for number in 1...250 { try await scene.send(number, of: scene.far) }
      let recorder = try await scene.start { $0.batchSize = 40 }
      try await soon("some of them") { try await scene.rig.store.segments(scene.real).count > 10 }
      await recorder.stop()
      _ = try await scene.start("w2") { $0.batchSize = 40 }
      try await soon("all frames") { try await scene.rig.listed().count == 250 }
      #expect(try await scene.rig.listed() == names(1...250))
      try await soon("nothing to wait") { try await scene.waiting() == 0 }
      #expect(try await scene.dead().isEmpty)
    }
  }

  @Test("whose links lead out of the base, to no device or in a circle are dead letters, and hold up no others")
  func broken() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      let (circle, other) = (try FrameRig.pair("c3:a"), try FrameRig.pair("c3:b"))
      try scene.link(scene.far, to: "/etc")
      try scene.link(scene.near, to: "../secondary_key/k")
      try scene.link(circle, to: other)
      try scene.link(other, to: circle)
      _ = try await scene.start()
      try await scene.send(1, of: scene.far)
      try await scene.send(2, of: scene.near)
      try await scene.send(3, of: circle)
      for number in 4...5 { try await scene.send(number, of: scene.real) }
      try await soon("the others") { try await scene.rig.listed() == names(4...5) }
      try await soon("the letters") { try await scene.dead().count == 3 }
      for letter in try await scene.dead() {
        #expect(letter.reason == "path" && letter.detail.contains("cannot follow client_ids/c"))
      }
      #expect(try await scene.waiting() == 0)
    }
  }

  @Test("that lead to a device of which nothing is there yet begin it")
  func dangling() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      let new = try FrameRig.pair("c9:new")
      try scene.link(scene.far, to: new)
      _ = try await scene.start()
      for number in 1...2 {
        let file = "frames/f\(number).jpg"
        let place = try #require(StoragePath("\(StoragePath.device(new))/\(file)"))
        try await scene.send(number, of: scene.far)
        try scene.rig.adapter().put(Array("picture \(number)".utf8), at: place, replaces: true)
      }
      try await soon("its segment") { try await scene.rig.store.segments(new).count == 1 }
    }
  }

  @Test("open no files but those of the folder that is shared")
  func paths() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      try scene.link(scene.far, to: scene.real)
      _ = try await scene.start()
      let good = [
        (scene.far, "\(StoragePath.device(scene.real))/frames/f1.jpg"),
        (scene.far, "\(scene.rig.base)/\(StoragePath.device(scene.far))/frames/f2.jpg"),
        (scene.real, "\(StoragePath.device(scene.far))/frames/f3.jpg"),
        (scene.real, "\(StoragePath.device(scene.real))/frames/f4.jpg"),
      ]
      let bad = [
        (scene.far, "client_ids/c1/device_id/other/frames/f5.jpg"), (scene.far, "client_ids/c2/f6.jpg"),
        (scene.far, "client_ids/c1/f7.jpg"), (scene.real, "client_ids/c2/device_id/other/frames/f8.jpg"),
        (scene.near, "\(StoragePath.device(scene.real))/frames/f9.jpg"),
      ]
      for (index, (device, path)) in (good + bad).enumerated() {
        try await scene.send(index + 1, of: device, path: path)
      }
      try await soon("the good ones") { try await scene.rig.listed().sorted() == names(1...4) }
      try await soon("the bad ones") { try await scene.dead().count == bad.count }
      #expect(try await scene.dead().allSatisfy { $0.reason == "path" })
    }
  }

  @Test("that become so while their frames wait go where the link leads")
  func late() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      _ = try await scene.start { $0.cut.longestWait = .seconds(300) }
      try await scene.send(1, of: scene.far)
      try await soon("its frame") { try await scene.backlog(scene.far) == 1 }
      try scene.link(scene.far, to: scene.real)
      // Its batch begins now.
      scene.rig.frames.advance(.seconds(300))
      try await soon("the way there") { try await scene.backlog(scene.real) == 1 }
      try await scene.send(2, of: scene.far)
      try await soon("both as the real device's") { try await scene.rig.listed() == names(1...2) }
      #expect(try await scene.rig.store.segments(scene.far).isEmpty)
      #expect(try await scene.dead().isEmpty)
    }
  }
}
