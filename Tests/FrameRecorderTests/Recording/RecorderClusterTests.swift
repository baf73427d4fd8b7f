import Cluster
import FrameRecorder
import Identifiers
import TestKit
import Testing

@Suite("Recorders of a cluster", .timeLimit(.minutes(3))) struct RecorderClusterTests {
  private func send(_ rig: FrameRig, _ store: FrameStore, _ devices: [DevicePair], _ round: Int) async throws {
    let frames = devices.map { device in
      IntakeFrame(
        device,
        event: """
          {"eventId":"\(device)-\(round)","clientId":"\(device.client)","deviceId":"\(device.device)",\
          "timestamp":\(1_795_219_200 + round),"framePath":"client_ids/\(device.client)/\(round).jpg"}
          """)
    }
    for result in try await store.add(frames) { _ = try result.get() }
  }

  @Test("One dies, one joins, one ends: each frame of each device is recorded once, in order")
  func everything() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let cluster = try await PartitionCluster(rig.frames, partitions: 8)
      let devices = try (1...24).map { try FrameRig.pair("c\($0 % 5):d\($0)") }
      try rig.adapter().create(.clients)
      var members: [PartitionCluster.Member] = []
      for name in ["w1", "w2"] { members.append(try await self.member(name, rig, cluster)) }
      let store = members[0].store
      try await soon("all partitions") { members.reduce(0) { $0 + $1.keeper.owned.count } == 8 }
      for round in 1...5 { try await send(rig.frames, store, devices, round) }
      await members[0].die()
      for round in 6...9 { try await send(rig.frames, store, devices, round) }
      members.append(try await self.member("w3", rig, cluster))
      for round in 10...13 { try await send(rig.frames, store, devices, round) }
      await members[1].end()
      for round in 14...15 { try await send(rig.frames, store, devices, round) }
      // The last one records the tail too.
      await members[2].end()
      for device in devices {
        var found: [String] = []
        for segment in try await store.segments(device) {
          let bytes = try rig.adapter().read(.segment(device, segment.number), nil)
          found += String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
        }
        #expect(found == (1...15).map { String($0) }, "\(device)")
      }
      for partition in 0..<8 {
        #expect(try await rig.frames.command("XLEN", "frames:\(partition)").integer == 0)
      }
      #expect(try await rig.frames.command("EXISTS", "frames:dead").integer == 0)
    }
  }

  @Test("A Redis that loses all under load gets its owners back, and what they hold is recorded")
  func flushed() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let cluster = try await PartitionCluster(rig.frames, partitions: 2)
      let devices = try (1...6).map { try FrameRig.pair("c1:d\($0)") }
      try rig.adapter().create(.clients)
      let member = try await self.member("w1", rig, cluster)
      let store = member.store
      for round in 1...5 { try await send(rig.frames, store, devices, round) }
      for device in devices {
        try await soon("two segments") { try await store.segments(device).count == 2 }
        let text = DevicePlaylist.render(try await store.segments(device), .live, target: 6)
        try await soon("the playlist file") { (try? rig.adapter().read(.playlist(device), nil)) == text }
        // The fifth frame is read, so that only this worker has it.
        try await soon("the tail") { try await store.look(at: [(device, [])])[0].get().record.backlog == 1 }
      }
      try await rig.frames.server.flush()
      try await soon("the owners") { try await store.partitions().allSatisfy { $0.owner != nil } }
      for round in 6...8 { try await send(rig.frames, store, devices, round) }
      for device in devices {
        try await soon("four segments") { try await store.segments(device).count == 4 }
        let segments = try await store.segments(device)
        #expect(segments.map(\.number) == [0, 1, 2, 3] && segments.map(\.mediaSequence) == [0, 1, 2, 3])
        let found = try segments.map {
          String(decoding: try rig.adapter().read(.segment(device, $0.number), nil), as: UTF8.self)
        }
        #expect(found == ["1\n2\n", "3\n4\n", "5\n6\n", "7\n8\n"])
      }
    }
  }

  private func member(
    _ name: String, _ rig: RecorderRig, _ cluster: PartitionCluster
  ) async throws -> PartitionCluster.Member {
    let fences = PartitionCluster.Fences()
    let store = try await cluster.store()
    var services = try await rig.services(ListingEncoder(rig.base), store: store)
    services.onFenced = { fences.tell($0) }
    let recorder = Recorder(services)
    let member = try await cluster.worker(name, store: store, host: recorder) { await recorder.stop() }
    fences.set(member.keeper)
    return member
  }
}
