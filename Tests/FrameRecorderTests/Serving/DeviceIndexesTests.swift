import FrameRecorder
import Synchronization
import TestKit
import Testing

@Suite("Indexes as they are remembered", .timeLimit(.minutes(2))) struct DeviceIndexesTests {
  @Test("follow commits, trims, resets and losses", arguments: [(1_000_000, 1), (3, 2), (1_000_000, 3)])
  func follows(most: Int, seed: UInt64) async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let indexes = DeviceIndexes(store: store, mostSegments: most)
      var owned = try await rig.owner(store)
      var commits = MadeCommits(rig.device)
      var generator = SeededGenerator(seed: seed)
      var generation: UInt64 = 0
      #expect(try await indexes.current(rig.device)?.index.segments == [])
      for _ in 0..<60 {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...5:
          for _ in 0...Int.random(in: 0...2, using: &generator) {
            let begun = try await store.number(owned, rig.device, generation: generation)
            guard case .recorded = try await store.commit(owned, commits.next(begun, [], [])) else {
              throw Missing("a commit")
            }
          }
        case 6...7:
          rig.advance(.seconds(25 * 3_600))
          _ = try await store.trim(rig.device, atMost: Int.random(in: 1...4, using: &generator))
        case 8:
          // As reset-device does it.
          generation += 1
          _ = try await rig.command("DEL", store.keys.log(rig.device), store.keys.sequence(rig.device))
          _ = try await rig.command("HSET", store.keys.device(rig.device), "generation", "\(generation)")
        default:
          _ = try await rig.command("FLUSHALL")
          #expect(try await indexes.current(rig.device) == nil)
          generation = 0
          owned = try await rig.owner(store)
        }
        let expected = try await store.segments(rig.device)
        let found = try await indexes.current(rig.device)
        #expect(found?.index.segments == expected.map { ListedSegment($0) })
        #expect(found?.index.version.first == expected.first?.number)
      }
    }
  }

  @Test("say what playlists need in 56 bytes a segment")
  func listed() throws {
    var made = MadeRecording(seed: 3, number: 7, mediaSequence: 5, discontinuity: 2)
    for place in 0..<30 {
      if place % 7 == 6 { made.startSession() }
      made.add(Double(place) * 6.5 - (place == 20 ? 100 : 0), Double(place % 5) + 0.04)
    }
    let listed = made.segments.map { ListedSegment($0) }
    for kind in [DevicePlaylist.Kind.live, .closed, .archive] {
      #expect(
        DevicePlaylist.render(listed, kind, target: 6) == DevicePlaylist.render(made.segments, kind, target: 6))
    }
    #expect(listed.map(\.captureEnd) == made.segments.map(\.captureEnd))
    #expect(MemoryLayout<ListedSegment>.stride == 56)
  }

  @Test("are read once for all who ask at the same time")
  func oneReading() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let indexes = DeviceIndexes(store: store)
      let owned = try await rig.owner(store)
      var commits = MadeCommits(rig.device)
      for _ in 0..<5 {
        let begun = try await store.number(owned, rig.device)
        _ = try await store.commit(owned, commits.next(begun, [], []))
      }
      try await rig.server.command("CONFIG", "RESETSTAT")
      let counts = try await withThrowingTaskGroup { group in
        for _ in 0..<50 {
          group.addTask { [device = rig.device] in try await indexes.current(device)?.index.segments.count ?? 0 }
        }
        return try await group.reduce(into: Set()) { $0.insert($1) }
      }
      #expect(counts == [5])
      // Each asks for the first entry; the index is read by few.
      let text = try await rig.server.command("INFO", "commandstats")
      let calls = text.split(separator: "cmdstat_xrange:calls=").last?.prefix { $0.isNumber }
      #expect((51...60).contains(calls.flatMap { Int($0) } ?? 0))
    }
  }

  @Test("are remembered for a time without Redis")
  func remembered() async throws {
    try await withFixture { fixture in
      let rig = try await FrameRig(fixture)
      let store = rig.store()
      let indexes = DeviceIndexes(store: store)
      _ = try await rig.owner(store)
      #expect(indexes.remembered(rig.device, within: .seconds(60)) == nil)
      _ = try await indexes.current(rig.device)
      #expect(indexes.remembered(rig.device, within: .seconds(60)) != nil)
      #expect(indexes.remembered(rig.device, within: .zero) == nil)
    }
  }
}
