internal import Redis

/// A frame whose file is durable, on its way into its partition's stream.
package struct IntakeFrame: Sendable, Equatable {
  package var device: DevicePair
  /// The event as JSON, at most 16 KiB.
  package var event: String
  /// What the frame is accepted once by, 1…200 bytes; nil: each call accepts it.
  package var source: String?
  /// What `known` answers of the frame that came first; without blanks.
  package var eventID: String?
  /// When it reached the intake, where that is not now.
  package var received: FrameTime?
  /// The device that the frame is recorded as, where its event names one whose folder is a link to it.
  package var recordedAs: DevicePair?

  package init(
    _ device: DevicePair, event: String, source: String? = nil, eventID: String? = nil, received: FrameTime? = nil,
    recordedAs: DevicePair? = nil
  ) {
    (self.device, self.event, self.source) = (device, event, source)
    (self.eventID, self.received, self.recordedAs) = (eventID, received, recordedAs)
  }
}

package enum IntakeResult: Sendable, Hashable {
  case added(EntryID)
  /// The source's frame was accepted before, with this event id if it had one.
  case known(EntryID, eventID: String?)
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

/// What decides, before a device's frames are stored, whether they can be accepted.
package struct IntakeState: Sendable, Equatable {
  /// Raw ids of the device's first event; nil: it has had none.
  package var client: String?
  package var device: String?
  /// Entries that wait: of the partition, of the device.
  package var partitionBacklog: Int
  package var deviceBacklog: Int
}

extension FrameStore {
  /// Throws `invalidReply` too where the cluster has another number of partitions.
  package nonisolated(nonsending) func intakeState(_ device: DevicePair) async throws(FrameStoreError) -> IntakeState {
    let record = RedisCommand("HMGET", keys.device(device), "client", "device", "backlog")
    let length = RedisCommand("XLEN", keys.stream(keys.partition(of: device)))
    let agreed = RedisCommand("HGET", keys.configuration, "partitions")
    let replies = try await pipeline([.command(record), .command(length), .command(agreed)])
    for reply in replies { if let error = reply.error { throw FrameStoreError(error) } }
    if let partitions = replies[2].text, partitions != String(keys.partitions) {
      throw FrameStoreError(.invalidReply, "the cluster has \(partitions) partitions (FRAMES_PARTITIONS)")
    }
    guard let fields = replies[0].elements, fields.count == 3, let waiting = replies[1].integer else {
      throw FrameStoreError(.invalidReply, "a device's record or its stream is not as Millrace writes it")
    }
    return IntakeState(
      client: fields[0].text, device: fields[1].text, partitionBacklog: Int(waiting),
      deviceBacklog: fields[2].text.flatMap { Int($0) } ?? 0)
  }

  /// Accepts frames, in one pipeline; each has its own result. `full`: Redis took it not, for lack of memory.
  /// - Parameter memory: for how long a source is known, s; nil: `FRAMES_DEDUPE_SECONDS`.
  package nonisolated(nonsending) func add(
    _ frames: [IntakeFrame], limits: IntakeLimits = IntakeLimits(), memory: Int? = nil
  ) async throws(FrameStoreError) -> [Result<IntakeResult, FrameStoreError>] {
    guard !frames.isEmpty else { return [] }
    let replies = try await pipeline(frames.map { step($0, limits, memory ?? settings.dedupeSeconds) })
    return replies.map { reply in Result { () throws(FrameStoreError) in try Self.intake(FrameReply(reply)) } }
  }

  private func step(_ frame: IntakeFrame, _ limits: IntakeLimits, _ memory: Int) -> RedisStep {
    let partition = keys.partition(of: frame.device)
    let stream = keys.stream(partition)
    var arguments = [memory, limits.partition ?? 0, limits.device ?? 0].map { String($0) }
    arguments += [frame.eventID ?? "", "event", frame.event]
    if let source = frame.source { arguments += ["source", source] }
    if let received = frame.received { arguments += ["received", String(received.milliseconds)] }
    if let device = frame.recordedAs { arguments += ["device", device.description] }
    let source = frame.source.map { keys.source($0, partition) } ?? stream
    return .script(
      FrameScript.intake.redis, keys: [stream, source, keys.device(frame.device)], arguments.map { .text($0) })
  }

  private static func intake(_ reply: FrameReply) throws(FrameStoreError) -> IntakeResult {
    switch reply.tag {
    case "added", "known":
      guard let entry = reply.text(1).flatMap({ EntryID($0) }) else { throw reply.nonsense }
      return reply.tag == "added" ? .added(entry) : .known(entry, eventID: reply.text(2))
    case "backlog": return .backlog(try reply.number(1))
    case "device-backlog": return .deviceBacklog(try reply.number(1))
    default: throw reply.nonsense
    }
  }
}
