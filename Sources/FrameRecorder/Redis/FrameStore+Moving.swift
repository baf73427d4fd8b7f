package import Cluster
internal import Redis

/// An entry of one partition's stream that is recorded as another partition's device.
package struct FrameMove: Sendable, Equatable {
  package var entry: EntryID
  package var event: [UInt8]
  package var received: FrameTime
  /// What it is recorded as.
  package var device: DevicePair

  package init(_ entry: EntryID, event: [UInt8], received: FrameTime, to device: DevicePair) {
    (self.entry, self.event, self.received, self.device) = (entry, event, received, device)
  }
}

package enum MoveAnswer: Sendable, Equatable {
  /// `left`: those that could not be moved, and stay where they are.
  case moved(left: [EntryID])
  case fenced(by: Ownership?)
}

extension FrameStore {
  /// How long, with hash tags, it is remembered that an entry has been moved, s.
  private static let memory = 86_400

  /// Moves entries in their order, each once, with the time at which they were received, and acknowledges them.
  package nonisolated(nonsending) func move(
    _ owned: OwnedPartition, _ moves: [FrameMove]
  ) async throws(FrameStoreError) -> MoveAnswer {
    if keys.usesHashTags { return try await moveInSteps(owned, moves) }
    let reply = try await run(
      .move, by: owned,
      keys: [keys.stream(owned.partition)] + moves.map { keys.stream(keys.partition(of: $0.device)) },
      Self.list(
        moves.map {
          [
            $0.entry.description, source($0, of: owned.partition), String($0.received.milliseconds),
            $0.device.description,
          ]
        }))
    switch reply.tag {
    case "fenced": return .fenced(by: reply.owner)
    case "moved": return .moved(left: try reply.list(1).compactMap { $0.text.flatMap { EntryID($0) } })
    default: throw reply.nonsense
    }
  }

  private func source(_ move: FrameMove, of partition: FramePartition) -> String { "moved:\(partition):\(move.entry)" }

  /// No script may touch two partitions' keys: added there, once by its source, then acknowledged here.
  private nonisolated(nonsending) func moveInSteps(
    _ owned: OwnedPartition, _ moves: [FrameMove]
  ) async throws(FrameStoreError) -> MoveAnswer {
    // A stale owner is told before it adds anything.
    if case .fenced(let owner) = try await finish(owned) { return .fenced(by: owner) }
    let frames = moves.map {
      IntakeFrame(
        $0.device, event: String(decoding: $0.event, as: UTF8.self), source: source($0, of: owned.partition),
        received: $0.received, recordedAs: $0.device)
    }
    let results = try await add(frames, memory: max(settings.dedupeSeconds, Self.memory))
    let added = zip(moves, results).filter { (try? $0.1.get()) != nil }.map(\.0.entry)
    if case .fenced(let owner) = try await finish(owned, entries: added) { return .fenced(by: owner) }
    return .moved(left: moves.map(\.entry).filter { !added.contains($0) })
  }
}
