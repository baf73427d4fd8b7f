internal import Redis

extension FrameStore {
  private static let partitionsAtOnce = 256

  /// How all partitions stand, in their order. It costs what there are partitions.
  package nonisolated(nonsending) func standings() async throws(FrameStoreError) -> [PartitionStanding] {
    var standings: [PartitionStanding] = []
    let states = try await partitions()
    for first in stride(from: 0, to: states.count, by: Self.partitionsAtOnce) {
      let part = states[first..<min(first + Self.partitionsAtOnce, states.count)]
      let commands = part.flatMap { state in
        let stream = keys.stream(state.partition)
        return [
          RedisCommand("ZCARD", keys.devices(state.partition)), RedisCommand("XLEN", stream),
          RedisCommand("XRANGE", stream, "-", "+", "COUNT", "1"),
        ]
      }
      let replies = try await answers(commands + [RedisCommand("TIME")])
      guard let last = replies.last else { continue }
      let now = try time(last)
      for (place, state) in part.enumerated() {
        let oldest = replies[3 * place + 2].elements?.first?.elements?.first?.text.flatMap { EntryID($0) }
        standings.append(
          PartitionStanding(
            partition: state.partition, owner: state.owner, devices: Int(replies[3 * place].integer ?? 0),
            waiting: Int(replies[3 * place + 1].integer ?? 0),
            lag: oldest.map { max(0, now.milliseconds(since: FrameTime($0))) }))
      }
    }
    return standings
  }
}
