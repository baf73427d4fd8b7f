internal import Redis

/// A frame whose file is durable, on its way into its partition's stream.
package struct IntakeFrame: Sendable, Equatable {
  package var device: DevicePair
  /// The event as JSON, at most 16 KiB.
  package var event: String
  /// What the frame is accepted once by, 1…200 bytes; nil: each call accepts it.
  package var source: String?
  /// When it reached the intake, where that is not now.
  package var received: FrameTime?

  package init(_ device: DevicePair, event: String, source: String? = nil, received: FrameTime? = nil) {
    (self.device, self.event, self.source, self.received) = (device, event, source, received)
  }
}

package enum IntakeResult: Sendable, Hashable {
  case added(EntryID)
  /// The source's frame was accepted before.
  case known(EntryID)
  /// So many entries wait in the partition, so many of the device: nothing was accepted.
  case backlog(Int)
  case deviceBacklog(Int)
}

/// How many entries may wait before nothing more is accepted; nil: any number.
package struct IntakeLimits: Sendable, Equatable {
  /// `FRAMES_BACKLOG_MAX`, `FRAMES_DEVICE_BACKLOG_MAX`
  package var partition: Int?
  package var device: Int?

  package init(partition: Int? = nil, device: Int? = nil) { (self.partition, self.device) = (partition, device) }
}

extension FrameStore {
  /// Accepts frames, in one pipeline; each has its own result. `full`: Redis took it not, for lack of memory.
  package nonisolated(nonsending) func add(
    _ frames: [IntakeFrame], limits: IntakeLimits = IntakeLimits()
  ) async throws(FrameStoreError) -> [Result<IntakeResult, FrameStoreError>] {
    guard !frames.isEmpty else { return [] }
    let replies = try await pipeline(frames.map { step($0, limits) })
    return replies.map { reply in Result { () throws(FrameStoreError) in try Self.intake(FrameReply(reply)) } }
  }

  private func step(_ frame: IntakeFrame, _ limits: IntakeLimits) -> RedisStep {
    let partition = keys.partition(of: frame.device)
    let stream = keys.stream(partition)
    var arguments = [settings.dedupeSeconds, limits.partition ?? 0, limits.device ?? 0].map { String($0) }
    arguments += ["event", frame.event]
    if let source = frame.source { arguments += ["source", source] }
    if let received = frame.received { arguments += ["received", String(received.milliseconds)] }
    let source = frame.source.map { keys.source($0, partition) } ?? stream
    return .script(
      FrameScripts.intake, keys: [stream, source, keys.device(frame.device)], arguments.map { .text($0) })
  }

  private static func intake(_ reply: FrameReply) throws(FrameStoreError) -> IntakeResult {
    switch reply.tag {
    case "added", "known":
      guard let entry = reply.text(1).flatMap({ EntryID($0) }) else { throw reply.nonsense }
      return reply.tag == "added" ? .added(entry) : .known(entry)
    case "backlog": return .backlog(try reply.number(1))
    case "device-backlog": return .deviceBacklog(try reply.number(1))
    default: throw reply.nonsense
    }
  }
}
