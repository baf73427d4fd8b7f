import FrameRecorder
import PulsarBridge
import TestKit
import Testing

@Suite("The bridge", .timeLimit(.minutes(2))) struct BridgeTests {
  /// Event ids of a device in the order of its entries.
  private func order(_ entries: [[String: String]], of device: String) -> [String] {
    entries.compactMap { $0["event"] }.filter { $0.contains("\"deviceId\":\"\(device)\"") }
      .compactMap { $0.split(separator: "\"").dropFirst(3).first.map(String.init) }
  }

  @Test("acknowledges a message when Redis has it, each once and in order, through a Redis that stands still")
  func pausedRedis() async throws {
    try await withFixture { fixture in
      let rig = try await BridgeRig(fixture)
      let batches = (0..<20).map { batch in
        (0..<10).map { MadeMessages.message("\(batch * 10 + $0)", device: "d\($0 % 5)") }
      }
      let source = MadeMessages(Array(batches.prefix(5))) { await rig.hasTaken($0) }
      let bridge = rig.bridge(fixture, source)
      try await eventually("a quarter to be there") { source.acknowledged.count == 50 }
      rig.server.pause()
      fixture.addTeardown { rig.server.resume() }
      source.add(batches.dropFirst(5))
      // What is in hand has no answer for longer than a command's timeout: receiving stops.
      try await eventually("a batch to be refused", within: .seconds(20)) {
        rig.registry.render().firstMatch(of: /result="refused"} [1-9]/) != nil
      }
      #expect(bridge.inHand == 10 && source.left == 14 && source.acknowledged.count == 50)
      rig.server.resume()
      try await eventually("all of them", within: .seconds(30)) { source.acknowledged.count >= 200 }
      #expect(source.acknowledged.sorted() == (0..<200).map { "\($0)" }.sorted())
      #expect(source.wrong == [])
      let entries = try await rig.entries()
      #expect(entries.count == 200)
      for device in 0..<5 {
        let expected = (0..<200).filter { $0 % 10 % 5 == device }.map { "\($0)" }
        #expect(order(entries, of: "d\(device)") == expected)
      }
      #expect(entries.allSatisfy { $0["received"] == "1000" && $0["source"]?.hasPrefix("pulsar:t:") == true })
    }
  }

  @Test("writes what is no event to the dead letters once, counts what has no key, and goes on")
  func deadLetters() async throws {
    try await withFixture { fixture in
      let rig = try await BridgeRig(fixture)
      let batch = [
        MadeMessages.message("1", text: "nonsense"), MadeMessages.message("2", device: "d1", hasKey: false),
        MadeMessages.message("3", text: #"{"clientId":"c1","deviceId":""}"#), MadeMessages.message("4", device: "d1"),
      ]
      // The second batch is what a broker delivers again after a crash before the acknowledgement.
      let source = MadeMessages([batch, batch]) { await rig.hasTaken($0) }
      _ = rig.bridge(fixture, source)
      try await eventually("both batches") { source.acknowledged.count == 8 }
      #expect(source.wrong == [])
      #expect(order(try await rig.entries(), of: "d1") == ["2", "4"])
      let dead = try await rig.entries(of: "frames:dead")
      #expect(dead.map { $0["reason"] } == ["json", "invalid"])
      #expect(dead.map { $0["detail"] } == ["not JSON at byte 1", "deviceId"])
      #expect(dead.map { $0["entry"] } == ["pulsar:t:1", "pulsar:t:3"])
      #expect(dead.map { $0["event"] } == ["nonsense", #"{"clientId":"c1","deviceId":""}"#])
      #expect(dead.allSatisfy { $0["partition"] == "" && $0["tries"] == "0" && Int($0["at"] ?? "") ?? 0 > 0 })
      let metrics = rig.registry.render()
      for (result, count) in [("added", 2), ("dead", 2), ("known", 4), ("unkeyed", 2)] {
        #expect(metrics.contains("millrace_frames_bridge_messages_total{result=\"\(result)\"} \(count)\n"))
      }
    }
  }

  @Test("stops at the backlog of a partition, loses no device's order there, and goes on when there is room")
  func backlog() async throws {
    try await withFixture { fixture in
      let rig = try await BridgeRig(fixture, partitions: 1)
      let batches = (0..<3).map { batch in
        (0..<4).map { MadeMessages.message("\(batch * 4 + $0)", device: "d\($0 % 2)") }
      }
      let source = MadeMessages(batches) { await rig.hasTaken($0) }
      let bridge = rig.bridge(fixture, source, backlog: 6)
      try await eventually("the stream to be full and tried again") {
        rig.registry.render().firstMatch(of: /result="refused"} [1-9]/) != nil && bridge.inHand == 2
      }
      #expect(source.acknowledged == (0..<6).map { "\($0)" })
      // Nothing more was received.
      #expect(source.left == 1)
      let first = try await rig.entries()
      _ = try await rig.command("XTRIM", "frames:0", "MAXLEN", "0")
      try await eventually("the rest") { source.acknowledged.count == 12 }
      #expect(source.wrong == [])
      let entries = first + (try await rig.entries())
      #expect(order(entries, of: "d0") == ["0", "2", "4", "6", "8", "10"])
      #expect(order(entries, of: "d1") == ["1", "3", "5", "7", "9", "11"])
    }
  }

  @Test("takes nothing that a full Redis has not taken, and ends with it unacknowledged")
  func fullRedis() async throws {
    try await withFixture { fixture in
      let rig = try await BridgeRig(fixture, arguments: ["--maxmemory-policy", "noeviction"])
      _ = try await rig.command("CONFIG", "SET", "maxmemory", "1")
      let source = MadeMessages([[MadeMessages.message("1", device: "d1")]]) { await rig.hasTaken($0) }
      let bridge = rig.bridge(fixture, source)
      try await eventually("it to be refused") {
        rig.registry.render().firstMatch(of: /result="refused"} [1-9]/) != nil
      }
      bridge.stop()
      try await eventually("the end") { bridge.inHand == 0 }
      #expect(source.acknowledged == [])
      #expect(try await rig.entries().isEmpty)
    }
  }
}
