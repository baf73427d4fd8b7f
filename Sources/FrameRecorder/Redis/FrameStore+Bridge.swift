internal import Redis

/// A frame's event as a message of some other queue brought it.
package struct BridgedFrame: Sendable, Equatable {
  package var device: DevicePair
  /// JSON, at most 16 KiB.
  package var event: [UInt8]
  /// What the frame is accepted once by, 1…200 bytes.
  package var source: String
  /// When it was sent.
  package var received: FrameTime

  package init(_ device: DevicePair, event: [UInt8], source: String, received: FrameTime) {
    (self.device, self.event, self.source, self.received) = (device, event, source, received)
  }
}

/// A message that is no frame's event, on its way into the dead letters.
package struct RefusedEvent: Sendable, Equatable {
  package var event: [UInt8]
  /// What it is written once by, 1…200 bytes; the dead letter names it as its entry.
  package var source: String
  package var reason: DeadLetterReason
  package var detail: String

  package init(event: [UInt8], source: String, reason: DeadLetterReason, detail: String) {
    (self.event, self.source, self.reason, self.detail) = (event, source, reason, detail)
  }
}

package enum BridgeResult: Sendable, Hashable {
  case added
  /// The source's message was taken before.
  case known
  /// The partition is full, Redis is, or one before it in its partition was refused: nothing was accepted.
  case refused
}

extension FrameStore {
  /// Accepts frames in their order: a partition whose frame is refused takes none of those behind it. One pipeline, a
  /// script a partition. `backlog`: how many entries a partition may have waiting; nil: any number.
  package nonisolated(nonsending) func bridge(
    _ frames: [BridgedFrame], backlog: Int? = nil
  ) async throws(FrameStoreError) -> [BridgeResult] {
    var places: [FramePartition: [Int]] = [:]
    for (place, frame) in frames.enumerated() { places[keys.partition(of: frame.device), default: []].append(place) }
    let runs = places.sorted { $0.key < $1.key }
    guard !runs.isEmpty else { return [] }
    let replies = try await pipeline(runs.map { run in step(run.key, run.value.map { frames[$0] }, backlog) })
    var results = [BridgeResult](repeating: .refused, count: frames.count)
    for (run, reply) in zip(runs, replies) {
      for (place, result) in zip(run.value, try taken(reply)) { results[place] = result }
    }
    return results
  }

  private func step(_ partition: FramePartition, _ frames: [BridgedFrame], _ backlog: Int?) -> RedisStep {
    let limits = [settings.dedupeSeconds, backlog ?? 0].map { RedisArgument.text(String($0)) }
    let fields: [RedisArgument] = frames.flatMap {
      [.bytes($0.event), .text($0.source), .text(String($0.received.milliseconds))]
    }
    return .script(
      FrameScript.bridge.redis, keys: [keys.stream(partition)] + frames.map { keys.source($0.source, partition) },
      limits + fields)
  }

  private func taken(_ value: RedisValue) throws(FrameStoreError) -> [BridgeResult] {
    let reply: FrameReply
    do {
      reply = try FrameReply(value)
    } catch  where error.code == .full {
      return []
    }
    guard reply.tag == "taken" else { throw reply.nonsense }
    return try reply.list(1).map { $0.text == "added" ? .added : .known }
  }

  /// Writes what is no event to the dead letters: with hash tags, where no device tells a partition, those of the first.
  package nonisolated(nonsending) func refuse(_ events: [RefusedEvent]) async throws(FrameStoreError) -> [BridgeResult]
  {
    guard !events.isEmpty else { return [] }
    let partition = FramePartition(0)
    let steps = events.map { event -> RedisStep in
      let texts = [offset, String(settings.dedupeSeconds), event.source, "", "", event.reason.rawValue, event.detail]
      return .script(
        FrameScript.refuse.redis, keys: [keys.dead(partition), keys.source(event.source, partition)],
        texts.map { .text($0) } + [.bytes(event.event)])
    }
    var results: [BridgeResult] = []
    for value in try await pipeline(steps) {
      let reply = try FrameReply(value)
      results.append(reply.tag == "known" ? .known : .added)
    }
    return results
  }
}
