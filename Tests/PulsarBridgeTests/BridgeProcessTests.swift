import Foundation
import FrameRecorder
import TestKit
import Testing

@Suite(
  "millrace pulsar-bridge", .timeLimit(.minutes(6)),
  .enabled(if: PulsarBroker.hindrance == nil, PulsarBroker.hindrance.map { Comment(rawValue: $0) }))
struct BridgeProcessTests {
  private struct Scene {
    let rig: BridgeRig
    let broker: PulsarBroker
    private let fixture: Fixture

    init(_ fixture: Fixture) async throws {
      self.fixture = fixture
      rig = try await BridgeRig(fixture)
      broker = try await PulsarBroker(fixture)
    }

    func bridge(_ others: [String: String] = [:]) async throws -> WorkerProcess {
      try await broker.bridge(fixture, redis: rig.server, partitions: 4, others)
    }

    /// Event numbers by device, in the order of the entries.
    func numbers() async throws -> [String: [Int]] {
      var found: [String: [Int]] = [:]
      for entry in try await rig.entries() {
        let event = try FrameEvent.parse(Array((entry["event"] ?? "").utf8))
        found[event.rawDeviceID, default: []].append(try #require(Int(event.eventID)))
      }
      return found
    }

    /// None twice, and each device's in order.
    func expectInOrder(atMost total: Int) async throws {
      for (device, all) in try await numbers() {
        let own = all.filter { $0 < total }
        #expect(own == own.sorted() && Set(own).count == own.count, "\(device)")
      }
    }

    func count() async throws -> Int { try await rig.entries().count }
  }

  private static func results(_ bridge: WorkerProcess) async throws -> [String: Int] {
    let text = String(decoding: try await bridge.get("/metrics").body, as: UTF8.self)
    var found: [String: Int] = [:]
    for line in text.split(separator: "\n") where line.hasPrefix("millrace_frames_bridge_messages_total{") {
      let parts = line.split(separator: "\"")
      found[String(parts[1])] = Int(parts[2].dropFirst(2))
    }
    return found
  }

  /// pulsar-lite is not always the same after a consumer's death: now and then nothing more comes from it, to whichever bridge.
  /// Then all begins again with another broker; what was brought over by then has to be right all the same.
  @Test("brings 1,000 messages over once each and in order, killed in the middle, with a Redis that stood still")
  func killedInTheMiddle() async throws {
    for attempt in 1...3 {
      let isOver = try await withFixture { fixture in
        let scene = try await Scene(fixture)
        do {
          try await killInTheMiddle(fixture, scene)
          return true
        } catch let timeout as WaitTimeout {
          print("bridge: attempt \(attempt): \(timeout); the broker: \(scene.broker.log.text.suffix(1_000))")
          try await scene.expectInOrder(atMost: Self.total)
          if attempt == 3 { throw timeout }
          return false
        }
      }
      if isOver { return }
    }
  }

  private static let total = 1_000
  private static let devices = 20

  private func killInTheMiddle(_ fixture: Fixture, _ scene: Scene) async throws {
    let (total, devices) = (Self.total, Self.devices)
    let first = try await scene.bridge()
    let begun = ContinuousClock.now
    try await scene.broker.send(0..<400, devices: devices, pause: .milliseconds(4))
    try await eventually("these", within: .seconds(30)) { try await scene.count() == 400 }
    // It is killed with a batch in hand whose answers Redis owes, and another behind it. Nothing is on the wire to it
    // then: of a connection that is reset pulsar-lite keeps the consumer for ever, and takes no other.
    scene.rig.server.pause()
    fixture.addTeardown { scene.rig.server.resume() }
    try await scene.broker.send(400..<600, devices: devices)
    try await first.kill()
    scene.rig.server.resume()
    let atKill = try await scene.count()
    #expect((400...500).contains(atKill))
    let bridge = try await scene.bridge()
    async let sending: Void = scene.broker.send(600..<total, devices: devices, pause: .milliseconds(8))
    try await eventually("three quarters", within: .seconds(30), polling: .milliseconds(200)) {
      try await scene.count() >= 3 * total / 4
    }
    scene.rig.server.pause()
    try await Task.sleep(for: .seconds(5))  // the outage itself
    scene.rig.server.resume()
    try await sending
    // What the dead consumer had in hand comes with whatever is sent next: pulsar-lite's way.
    var nudge = total
    try await eventually("all of them", within: .seconds(30), polling: .milliseconds(200)) {
      let found = try await scene.numbers()
      guard found.values.reduce(0, { $0 + $1.count(where: { $0 < total }) }) < total else { return true }
      try await scene.broker.send(nudge..<nudge + 1)
      nudge += 1
      return false
    }
    let taken = begun.duration(to: .now)
    let found = try await scene.numbers()
    for device in 0..<devices {
      let own = (found["d\(device)"] ?? []).filter { $0 < total }
      #expect(own == (0..<total).filter { $0 % devices == device }, "d\(device)")
    }
    try await eventually("the bridges to have added each entry once") {
      try await atKill + (Self.results(bridge)["added"] ?? 0) == scene.count()
    }
    let results = try await Self.results(bridge)
    #expect(results["dead"] == 0 && results["unkeyed"] == 0)
    #expect(try await bridge.terminate() == .code(0))
    print("bridge: \(atKill) at the kill, then \(results), \(nudge - total) sent to wake the broker, \(taken)")
  }

  @Test("writes bad messages to the dead letters, brings over those behind them, and leaves the broker nothing")
  func badMessages() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      let token = "pulsar-token-1f2e3d"
      let bridge = try await scene.bridge(["PULSAR_TOKEN": token])
      try await scene.broker.send(raw: [
        "nonsense", #"{"clientId":"c1"}"#, #"{"eventId":"9","clientId":"c1","deviceId":"d0"}"#,
        String(repeating: "x", count: 20_000),
      ])
      try await scene.broker.send(0..<10)
      try await eventually("those behind", within: .seconds(30)) { try await scene.count() == 11 }
      let dead = try await scene.rig.entries(of: "frames:dead")
      #expect(dead.map { $0["reason"] } == ["json", "invalid", "json"])
      #expect(dead.map { $0["event"]?.count } == [8, 17, 16_384])
      let results = try await Self.results(bridge)
      #expect(results == ["added": 11, "known": 0, "dead": 3, "refused": 0, "unkeyed": 4])
      #expect(try await bridge.terminate() == .code(0))
      #expect(bridge.logLines(containing: token) == [])
      // All were acknowledged before the end: another one gets only what is new.
      let next = try await scene.bridge()
      try await scene.broker.send(10..<11)
      try await eventually("the new one", within: .seconds(30)) { try await scene.count() == 12 }
      #expect(try await Self.results(next)["known"] == 0)
    }
  }

  @Test("ends at once at the second signal, with 130, while Redis keeps it from finishing")
  func secondSignal() async throws {
    try await withFixture { fixture in
      let scene = try await Scene(fixture)
      let bridge = try await scene.bridge()
      try await scene.broker.send(0..<1)
      try await eventually("it to work", within: .seconds(30)) { try await scene.count() == 1 }
      scene.rig.server.pause()
      fixture.addTeardown { scene.rig.server.resume() }
      try await scene.broker.send(1..<2)
      try await eventually("a message in hand", within: .seconds(30)) {
        try await Self.results(bridge)["refused"] ?? 0 > 0
      }
      bridge.signal(SIGTERM)
      try await eventually("the stop") { bridge.log.contains("stopping") }
      bridge.signal(SIGTERM)
      #expect(try await bridge.exit(within: .seconds(5)) == .code(130))
    }
  }
}
