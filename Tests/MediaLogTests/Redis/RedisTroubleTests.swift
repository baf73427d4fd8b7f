import Identifiers
import TestKit
import Testing

@testable import MediaLog

/// A writer and a follower while their Redis is killed, restarted, emptied and stopped, and the writer replaced.
@Suite(.timeLimit(.minutes(5))) struct RedisTroubleTests {
  private let id = Made.stream

  /// What the writer was answered, and what the follower was told.
  private struct History {
    var receipts: [UInt64: CommitReceipt] = [:]
    var told: [ChunkEntry] = []
    /// Committed, and gone before the follower was told.
    var wiped: Set<UInt64> = []

    mutating func wipe() { wiped.formUnion(Set(receipts.keys).subtracting(told.map(\.number.value))) }
  }

  /// Mostly the follower has been told of all when Redis loses it.
  private func caughtUp(_ next: UInt64, _ random: inout SeededGenerator, _ history: Shared<History>) async throws {
    guard next > 1, Int.random(in: 0..<4, using: &random) > 0 else { return }
    try await soon("the follower") { history.value.told.last?.number.value == next - 1 }
  }

  @Test(arguments: [UInt64(1), 2]) func noNumberIsLostOrGivenTwice(seed: UInt64) async throws {
    try await withFixture { fixture in
      var random = SeededGenerator(seed: seed)
      let server = try await fixture.redisServer()
      let workers = [try await fixture.redisStore(server), try await fixture.redisStore(server)]
      let follower = try await fixture.redisStore(server)
      let history = Shared(History())
      let subscription = follower.store.follow(id, after: ChunkNumber(0)) { news in
        if case .entries(let entries) = news { history.change { $0.told += entries } }
      }
      var epoch: UInt64 = 1
      var owner = 0
      var next = try await workers[owner].store.open(id, epoch: Epoch(epoch)).nextChunk.value
      var last: CommitReceipt?
      for step in 0..<300 {
        switch Int.random(in: 0..<100, using: &random) {
        case 0..<4:
          try await caughtUp(next, &random, history)
          history.change { $0.wipe() }
          try await server.restart()
        case 4..<7: try await server.restart(empty: false)
        case 7..<12:
          try await caughtUp(next, &random, history)
          history.change { $0.wipe() }
          try await server.flush()
        case 12..<15: try await server.flushScripts()
        case 15..<22:
          server.pause()
          let commit = Task { [id, next, epoch, owner] in
            try? await workers[owner].store.commit(Made.sealed(next, epoch: epoch, starts: true), to: id)
          }
          for _ in 0..<20 { await Task.yield() }
          server.resume()
          // Its answer is lost; the chunk is offered again.
          _ = await commit.value
        case 22..<28:
          epoch += 1
          owner = 1 - owner
          let position = try await eventualValue("the takeover", within: .seconds(30)) { [epoch, owner, id] in
            try? await workers[owner].store.open(id, epoch: Epoch(epoch))
          }
          next = max(next, position.nextChunk.value)
        default: break
        }
        let sealed = Made.sealed(next, epoch: epoch, starts: Bool.random(using: &random))
        let receipt = try await eventualValue("commit \(next) of step \(step)", within: .seconds(30)) { [owner, id] in
          try? await workers[owner].store.commit(sealed, to: id)
        }
        if let last { #expect(receipt.segment >= last.segment, "step \(step)") }
        last = receipt
        history.change { [next] in $0.receipts[next] = receipt }
        next += 1
      }
      try await soon("the follower") { history.value.told.last?.number.value == next - 1 }
      let told = history.value.told
      #expect(zip(told, told.dropFirst()).allSatisfy { $0.number < $1.number })
      let missing = Set(history.value.receipts.keys).subtracting(told.map(\.number.value))
      #expect(missing.isSubset(of: history.value.wiped), "\(missing)")
      for entry in told { #expect(history.value.receipts[entry.number.value] == entry.receipt, "\(entry.number)") }
      print("seed \(seed): \(told.count) told, \(missing.count) wiped unread")
      withExtendedLifetime(subscription) {}
    }
  }
}
