import Cluster
import Foundation
import Identifiers

/// The calls that are measured, each a row: the median of some rounds, for one call.
struct KeysCalls {
  let cluster: KeysCluster
  let subject: KeysMember
  let neighbour: KeysMember

  func measure() async throws -> [String] {
    let coordinator = subject.coordinator
    let traffic = subject.traffic(0..<10)
    var absence = AbsenceRule()
    let spare = 900..<920
    for stream in spare { try await subject.register(stream) }
    var rows = [
      try await row("heartbeat of a worker with 100 streams", calls: 20) { _ in
        try await coordinator.announce(capacity: 200, load: 0.5)
      },
      try await row("claim and release of a stream", calls: 20) { call in
        let id = KeysMember.id(spare.lowerBound + call)
        guard case .claimed(let claim) = try await coordinator.claim(id, highestSeen: .none) else {
          throw BenchError("not claimed")
        }
        _ = try await coordinator.release(id, epoch: claim.epoch, .stopped(.inactiveTimeout))
      },
      try await row("join of a client, and its leaving", calls: 20) { call in
        try await subject.join(call, 77)
        try await subject.leave(call, 77)
      },
      try await row("refresh of 100 clients", calls: 20) { _ in _ = try await coordinator.refresh(traffic) },
      try await row("look for dead workers", calls: 20) { _ in try await subject.reaper.look(&absence) },
      try await row("look for clients that are gone", calls: 5) { _ in
        _ = try await coordinator.expireClients(timeout: .seconds(1800))
      },
      try await row("sweep of idle streams", calls: 5) { _ in
        _ = try await coordinator.settleIdle(grace: .seconds(1800))
        _ = try await coordinator.forgetExpired(timeout: .seconds(1800))
      },
      try await row("figures of the cluster", calls: 5) { _ in _ = try await coordinator.statistics() },
    ]
    rows.append(try await reaping())
    return rows
  }

  /// A worker with 100 streams and 1,000 clients; ten of the streams have clients of another worker.
  private func reaping() async throws -> String {
    var members: [KeysMember] = []
    for round in 0..<Self.rounds {
      let dead = try await cluster.member("dead\(round)")
      try await dead.settle(streams: 300 + round * 100..<400 + round * 100)
      for stream in 0..<10 { try await neighbour.join(300 + round * 100 + stream, 5) }
      try await cluster.endLease(dead.worker)
      members.append(dead)
    }
    let row = try await row("reaping of a worker with 100 streams", calls: 1) { round in
      try await neighbour.reaper.reap(members[round].worker)
    }
    for (round, dead) in members.enumerated() {
      for stream in 300 + round * 100..<400 + round * 100 {
        _ = try await subject.coordinator.delete(KeysMember.id(stream), .manual, unlessUsed: false)
      }
      try await dead.coordinator.withdraw()
    }
    return row
  }

  private static let rounds = 5

  /// `body` is called with the number of the call; where a round has one call, that of the round.
  private func row(_ name: String, calls: Int, _ body: (Int) async throws -> Void) async throws -> String {
    var samples: [(processor: Double, commands: Double, wall: Double)] = []
    for round in 0..<Self.rounds {
      let idle = try await cluster.usage()
      let before = try await cluster.usage()
      let start = ContinuousClock.now
      for call in 0..<calls { try await body(calls == 1 ? round : call) }
      let wall = start.duration(to: .now) / .milliseconds(1)
      let after = try await cluster.usage()
      // Asking costs too.
      let processor = (after.processor - before.processor) - (before.processor - idle.processor)
      let commands = (after.commands - before.commands) - (before.commands - idle.commands)
      samples.append((processor / Double(calls), commands / Double(calls), wall / Double(calls)))
    }
    let label = name + String(repeating: " ", count: max(0, 38 - name.count))
    return label + cell(samples.map(\.processor).median, 0) + cell(samples.map(\.commands).median, 0)
      + cell(samples.map(\.wall).median, 2)
  }
}
