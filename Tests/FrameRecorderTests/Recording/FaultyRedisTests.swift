import FrameEncoding
import FrameRecorder
import TestKit
import Testing

@Suite("A Redis that fails", .timeLimit(.minutes(5))) struct FaultyRedisTests {
  /// A device whose calls fail waits; after it all frames are recorded, sessions archived, partitions handed on.
  @Test(
    "An error at any script stops nobody for good, and nobody else at all (19.10)",
    arguments: FrameScript.allCases, ScriptFault.Kind.allCases)
  func eachScript(script: FrameScript, kind: ScriptFault.Kind) async throws {
    try await withFixture { fixture in
      let rig = try await FaultRig(fixture, script, kind)
      let all = 0..<rig.devices.count
      let worker = try await rig.worker("w1")
      try await record(rig, worker, all)
      try await keep(rig, worker)
      try await reset(rig, worker)
      try await rig.send(7..<10, through: worker, devices: all)
      try await rig.recorded(9, devices: all.dropFirst())
      try await rig.recorded(3, devices: all.prefix(1))
      await worker.end()
      let next = try await rig.worker("w2")
      try await rig.send(10..<13, through: next, devices: all)
      try await rig.recorded(12, devices: all.dropFirst())
      try await rig.recorded(6, devices: all.prefix(1))

      #expect(try await rig.shown() == all.map { $0 == 0 ? Array(7..<13) : Array(0..<6) + Array(7..<13) })
      #expect(try await rig.waiting() == 0)
      #expect(try await rig.dead() == 1)
      // Sweeps forget what is that old.
      rig.advance(.seconds(31 * 86_400))
      try await soon("the script to be called") { rig.fault.calls > 0 }
    }
  }

  /// The others do not wait for the first device, whose calls fail all the while.
  private func record(_ rig: FaultRig, _ worker: FaultRig.Worker, _ all: Range<Int>) async throws {
    async let first: Void = rig.send(0..<6, through: worker, devices: all.prefix(1))
    try await rig.send(0..<6, through: worker, devices: all.dropFirst())
    try await rig.recorded(6, devices: all.dropFirst())
    rig.fault.heal()
    try await first
    try await rig.recorded(6, devices: all)
    let message = RefusedEvent(event: Array("{".utf8), source: "m1", reason: .json, detail: "it ends too early")
    try await soon("a message to be refused") { (try? await worker.store.refuse([message])) != nil }
    worker.member.keeper.regained()
  }

  private func keep(_ rig: FaultRig, _ worker: FaultRig.Worker) async throws {
    rig.advance(.seconds(700))
    try await rig.archives(rig.devices.count)
    let (lost, unwanted) = (rig.devices[1], rig.devices[2])
    try await rig.lose(try await rig.session(lost), of: lost)
    // By then folders are looked at again.
    rig.advance(.seconds(3_700))
    try await rig.archives(rig.devices.count)
    let session = try await rig.session(unwanted)
    try await soon("an archive to be given up") {
      [.due, .unknown].contains(try? await worker.store.expireArchive(session, of: unwanted))
    }
    try await rig.archives(rig.devices.count - 1)
  }

  private func reset(_ rig: FaultRig, _ worker: FaultRig.Worker) async throws {
    try await rig.send(6..<7, through: worker, devices: 0..<1)
    let reset = DeviceReset(store: worker.store, storage: worker.storage)
    try await soon("a reset") { await reset.reset(rig.devices[0], .init()).errors.isEmpty }
  }
}
