import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite(.enabled(if: PulsarBroker.hindrance == nil, PulsarBroker.hindrance.map { Comment(rawValue: $0) }))
  struct BridgedFrames {
    private static let devices = 10
    private static let each = 12
    private static let total = devices * each

    /// pulsar-lite is not always the same after a consumer's death (see the bridge's own tests): then all begins again with
    /// another broker.
    @Test("Frames of a broker are recorded once each and in order, the bridge killed in the middle (19.6)")
    func theWholeWay() async throws {
      for _ in 1...3 {
        if try await withFixture({ try await record($0, try await PulsarBroker($0)) }) { return }
      }
      Issue.record("three brokers brought nothing more")
    }

    /// False: the broker brought nothing more.
    private func record(_ fixture: Fixture, _ broker: PulsarBroker) async throws -> Bool {
      let (devices, each, total) = (Self.devices, Self.each, Self.total)
      let scene = try await RecordingScene(fixture, devices: devices, partitions: 4)
      // Message n is frame n / devices of device n % devices.
      for number in 0..<total {
        let (own, index) = number.quotientAndRemainder(dividingBy: devices)
        try scene.write(scene.picture(own, index), to: try scene.path(own, index, name: String(number)))
      }
      _ = try await scene.worker("w1")
      let first = try await broker.bridge(fixture, redis: scene.redis, partitions: 4)
      try await broker.send(0..<total / 2, devices: devices)
      try await eventually("these", within: .seconds(30)) {
        try await scene.recorded(0..<devices) == total / 2 / (6 * devices) * 6 * devices
      }
      // As in the bridge's own test: a batch is in hand, and nothing on the wire.
      scene.redis.pause()
      fixture.addTeardown { scene.redis.resume() }
      try await broker.send(total / 2..<3 * total / 4, devices: devices)
      try await first.kill()
      scene.redis.resume()
      let second = try await broker.bridge(fixture, redis: scene.redis, partitions: 4)
      try await broker.send(3 * total / 4..<total, devices: devices)
      // What the dead one had in hand comes with whatever is sent next: one that is known already.
      do {
        try await eventually("all frames", within: .seconds(30), polling: .milliseconds(500)) {
          if try await scene.recorded(0..<devices) == total { return true }
          try await broker.send(0..<1, devices: devices)
          return false
        }
      } catch let timeout as WaitTimeout {
        print("bridge: \(timeout); the broker: \(broker.log.tail)")
        // That is not the recorder's doing: it has no whole segment waiting, and what it has is right.
        #expect(try await scene.waiting() <= 5 * devices)
        for index in 0..<devices {
          let shown = try await scene.shown(index)
          #expect(shown == Array(Set(shown.compactMap(\.self))).sorted(), "device \(index)")
        }
        return false
      }
      #expect(try await second.terminate() == .code(0))
      try await eventually("the known ones to be gone", within: .seconds(20)) {
        try await (0..<4).asyncMap { try await scene.redis.command("XLEN", "frames:\($0)") }.allSatisfy { $0 == "0" }
      }
      try await scene.expectWhole(0..<each, devices: 0..<devices)
      return true
    }
  }
}
