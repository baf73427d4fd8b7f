import FrameRecorder
import Observability
import TestKit
import Testing

@Suite("Devices that fall silent", .timeLimit(.minutes(2))) struct OfflineCheckerTests {
  private func checker(_ rig: KeepingRig) -> OfflineChecker {
    OfflineChecker(store: rig.store, metrics: KeepingMetrics(MetricsRegistry()))
  }

  private func state(_ rig: KeepingRig, _ device: MadeDevice) async throws -> String? {
    try await rig.frames.hash("frames:session:\(device.session)")["state"]
  }

  @Test("end their session, once, when all of them is recorded and nothing waits")
  func silent() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(2)
      var checker = checker(rig)
      #expect(try await checker.round() == 0)
      let tail = try await device.send()
      rig.frames.advance(.seconds(61))
      try await device.drain()
      #expect(try await checker.round() == 0)
      try await device.record(tail)
      #expect(try await checker.round() == 1)
      #expect(try await checker.round() == 0)
      #expect(try await state(rig, device) == "ended")
      let record = try await rig.store.look(at: [(device.device, [])])[0].get().record
      #expect(record.session == nil)
    }
  }

  @Test("A slow device has three of its intervals; one that sends again is left in peace")
  func slow() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record()
      try await device.touch(try await device.send(), interval: 90_000)
      let late = try await device.send()
      try await device.touch(late, interval: 90_000)
      try await device.record(late)
      _ = try await rig.frames.command("HSET", "frames:device:\(rig.device)", "interval_ms", "90000")
      var checker = checker(rig)
      rig.frames.advance(.seconds(200))
      try await device.drain()
      #expect(try await checker.round() == 0)
      #expect(try await state(rig, device) == "active")
      rig.frames.advance(.seconds(71))
      try await device.drain()
      #expect(try await checker.round() == 1)
    }
  }

  @Test("A session that begins after its device was found silent ends too")
  func lateBeginning() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      let entry = try await device.send()
      rig.frames.advance(.seconds(61))
      try await device.drain()
      var checker = checker(rig)
      #expect(try await checker.round() == 0)
      try await device.record(entry)
      #expect(try await checker.round() == 1)
    }
  }

  @Test("Nothing ends while the partition has a backlog, or nobody has read it")
  func backlog() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(2)
      var checker = checker(rig)
      rig.frames.advance(.seconds(300))
      #expect(try await checker.round() == 0)
      try await device.drain()
      #expect(try await checker.round() == 1)
    }
  }

  /// Ten thousand devices, each in a session; those from 1 to `sending` send on, the others have been silent for an hour.
  private struct Crowd {
    let rig: KeepingRig
    private var passed = 0
    private(set) var sending = 100

    init(_ rig: KeepingRig) async throws {
      self.rig = rig
      let script = """
        local now = tonumber(redis.call('TIME')[1]) * 1000
        for i = 1, 10000 do
          local name, p, session = 'c1:d' .. i, i % 64, string.format('%08x-0000-4000-8000-000000000000', i)
          local at = i <= 100 and now or now - 3600000 - i
          redis.call('ZADD', 'frames:devices:' .. p, at, name)
          redis.call('HSET', 'frames:device:' .. name, 'received_id', at .. '-0', 'received_ms', at, 'done_id', at .. '-0',
            'interval_ms', '1000', 'session', i <= 100 and session or '')
          redis.call('HSET', 'frames:session:' .. session, 'state', 'active', 'started_ms', at, 'last_ms', at)
          redis.call('HSET', 'frames:partition:' .. p, 'drained_ms', now)
        end
        """
      _ = try await rig.frames.command("EVAL", script, "0")
    }

    /// So many more fall silent: all others have sent, and all was read, since.
    mutating func fallSilent(_ count: Int) async throws {
      sending -= count
      passed += 61_000
      rig.frames.advance(.seconds(61))
      let script = """
        local now = tonumber(redis.call('TIME')[1]) * 1000 + \(passed)
        for p = 0, 63 do redis.call('HSET', 'frames:partition:' .. p, 'drained_ms', now) end
        for i = 1, \(sending) do
          redis.call('ZADD', 'frames:devices:' .. i % 64, now, 'c1:d' .. i)
          redis.call('HSET', 'frames:device:c1:d' .. i, 'received_id', now .. '-0', 'received_ms', now, 'done_id', now .. '-0')
        end
        """
      _ = try await rig.frames.command("EVAL", script, "0")
      _ = try await rig.frames.command("CONFIG", "RESETSTAT")
    }

    /// What Redis did since, command by command.
    func commands() async throws -> [String: Int] {
      let stats = try await rig.frames.command("INFO", "commandstats").text ?? ""
      var calls: [String: Int] = [:]
      for line in stats.split(whereSeparator: \.isNewline) where line.hasPrefix("cmdstat_") {
        let parts = line.dropFirst(8).split(separator: ":calls=")
        guard parts.count == 2, parts[0] != "config|resetstat" else { continue }
        calls[String(parts[0])] = parts[1].split(separator: ",").first.flatMap { Int($0) }
      }
      return calls
    }
  }

  @Test("Ten thousand known and a hundred sending: a round costs what fell silent, without SCAN and KEYS (19.35)")
  func crowd() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture, partitions: 64)
      var crowd = try await Crowd(rig)
      var checker = checker(rig)
      #expect(try await checker.round() == 0)
      var times: [Int: [Duration]] = [:]
      var cost: [Int: [Int]] = [:]
      for round in 0..<30 {
        let silent = [0, 1, 8][round % 3]
        try await crowd.fallSilent(silent)
        let start = ContinuousClock.now
        #expect(try await checker.round() == silent)
        times[silent, default: []].append(.now - start)
        let commands = try await crowd.commands()
        #expect(commands["scan"] == nil && commands["keys"] == nil)
        cost[silent, default: []].append(commands.values.reduce(0, +))
      }
      #expect(crowd.sending == 10)
      // The best of each kind: the machine is shared.
      let best = times.compactMapValues { $0.min() }
      #expect(isSanitized || best.values.allSatisfy { $0 <= .milliseconds(50) }, "rounds took \(best)")
      // None of the 9,900 is looked at again, and none of those that send.
      let idle = try #require(cost[0]?.max())
      #expect(idle <= 64 * 8, "\(idle) commands in a round without anything to do")
      let one = try #require(cost[1]?.max()) - idle
      #expect(one > 0 && one <= 32, "\(one) commands for a device")
      #expect(cost[8]?.allSatisfy { $0 - idle <= 8 * one } == true, "\(cost)")
      print("rounds by devices that fell silent:", best, "commands:", cost.mapValues { $0.max() ?? 0 })
    }
  }
}
