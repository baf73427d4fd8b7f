package import Cluster
internal import Redis

/// An entry of a partition's stream as it was read.
package struct StoredFrame: Sendable, Equatable {
  package let entry: EntryID
  /// The field `event`; nil: there is none.
  package let event: [UInt8]?
  package let received: FrameTime
  /// The device that it is recorded as, where whoever put it here knew that the one of the event is a link to it.
  package let recordedAs: DevicePair?

  package init(_ entry: EntryID, event: [UInt8]?, received: FrameTime, recordedAs: DevicePair? = nil) {
    (self.entry, self.event, self.received, self.recordedAs) = (entry, event, received, recordedAs)
  }

  /// Whose frame it is, by what the entry says; nil: it says nothing that can be read.
  var device: DevicePair? { recordedAs ?? event.flatMap { try? FrameEvent.parse($0).device } }
}

/// From where a partition is read.
package enum ReadPosition: Sendable, Equatable {
  /// What was read before and is not finished, by whomever, after this entry.
  case left(after: EntryID)
  /// What nobody has read.
  case new
}

package enum ReadAnswer: Sendable, Equatable {
  /// `last`: the last entry of the reply, of those too that were deleted since they were first read; nil: there was none.
  /// `oldest`: of all that is in the stream, read or not.
  case read([StoredFrame], last: EntryID?, oldest: EntryID?, now: FrameTime)
  case fenced(by: Ownership?)
}

/// What a reading tells of a device.
package struct DeviceTouch: Sendable, Equatable {
  package var device: DevicePair
  /// Raw ids, kept if there are none yet; nil: not known.
  package var rawClient: String?
  package var rawDevice: String?
  /// The newest entry read.
  package var newest: EntryID
  /// ms
  package var interval: Int64
  /// Entries of it that are not finished.
  package var backlog: Int

  package init(
    _ device: DevicePair, rawClient: String?, rawDevice: String?, newest: EntryID, interval: Int64, backlog: Int
  ) {
    (self.device, self.rawClient, self.rawDevice) = (device, rawClient, rawDevice)
    (self.newest, self.interval, self.backlog) = (newest, interval, backlog)
  }
}

extension FrameStore {
  /// The devices of a partition of which something was recorded in the ten minutes before the last commit there, at most so many,
  /// the latest first.
  package nonisolated(nonsending) func recentDevices(
    of partition: FramePartition, atMost most: Int
  ) async throws(FrameStoreError) -> [DevicePair] {
    let command = RedisCommand("ZRANGE", keys.recent(partition), "0", String(max(1, most) - 1), "REV")
    let reply = try await pipeline([.command(command)])[0]
    if let error = reply.error { throw FrameStoreError(error) }
    return (reply.elements ?? []).compactMap { $0.text.flatMap { DevicePair($0) } }
  }

  /// The next entries of a partition, at most so many, for its owner alone. Before a new owner reads `new` it reads all that
  /// is left; so it does from its last entry on after an answer was lost.
  package nonisolated(nonsending) func read(
    _ owned: OwnedPartition, _ position: ReadPosition, atMost count: Int
  ) async throws(FrameStoreError) -> ReadAnswer {
    let from =
      switch position {
      case .left(let entry): entry.description
      case .new: ">"
      }
    let reply = try await run(
      .read, by: owned, keys: [keys.stream(owned.partition)], [from, String(max(1, count))])
    switch reply.tag {
    case "fenced": return .fenced(by: reply.owner)
    case "read":
      let entries = try reply.list(2).map { Self.storedFrame($0) }
      let gone = try reply.list(3).map { $0.text.flatMap { EntryID($0) } }
      let all = entries.map { $0?.entry } + gone
      guard !all.contains(nil) else { throw reply.nonsense }
      return .read(
        entries.compactMap { $0 }, last: all.compactMap { $0 }.max(), oldest: reply.text(4).flatMap { EntryID($0) },
        now: try reply.time(1))
    default: throw reply.nonsense
    }
  }

  /// Entries once more, by their ids; what is not in the stream any more has no answer.
  package nonisolated(nonsending) func read(
    _ entries: [EntryID], of partition: FramePartition
  ) async throws(FrameStoreError) -> [StoredFrame] {
    let stream = keys.stream(partition)
    let steps = entries.map { RedisStep.command(RedisCommand("XRANGE", stream, "\($0)", "\($0)")) }
    guard !steps.isEmpty else { return [] }
    var found: [StoredFrame] = []
    for reply in try await pipeline(steps) {
      if let error = reply.error { throw FrameStoreError(error) }
      if let frame = reply.elements?.first.flatMap({ Self.storedFrame($0) }) { found.append(frame) }
    }
    return found
  }

  static func storedFrame(_ value: RedisValue) -> StoredFrame? {
    guard let parts = value.elements, parts.count == 2, let entry = parts[0].text.flatMap({ EntryID($0) }),
      let fields = parts[1].elements
    else { return nil }
    var found: [String: RedisValue] = [:]
    for at in stride(from: 0, to: fields.count - 1, by: 2) {
      if let name = fields[at].text { found[name] = fields[at + 1] }
    }
    let event = found["event"]?.bulk?.withBytes { [UInt8]($0) }
    return StoredFrame(
      entry, event: event, received: FrameTimeRule.received(entry, field: found["received"]?.text),
      recordedAs: found["device"]?.text.flatMap { DevicePair($0) })
  }

  /// What is known of devices, and which of the events given with each were recorded within the window. Where the keys of
  /// one device cannot be read, that one has no answer.
  package nonisolated(nonsending) func look(
    at devices: [(device: DevicePair, events: [String])]
  ) async throws(FrameStoreError) -> [Result<KnownDevice, FrameStoreError>] {
    guard !devices.isEmpty else { return [] }
    let steps = devices.flatMap { device, events in
      let scores = RedisCommand("ZMSCORE", ([keys.seen(device)] + (events.isEmpty ? [""] : events)).map { .text($0) })
      return [RedisStep.command(RedisCommand("HGETALL", keys.device(device))), .command(scores)]
    }
    let replies = try await pipeline(steps + [.command(RedisCommand("TIME"))])
    guard let seconds = replies.last?.elements?.first?.integer else { throw Self.noTime }
    let oldest = Double((seconds - Int64(settings.dedupeSeconds)) * 1_000 + settings.clockOffset().wholeMilliseconds)
    return devices.indices.map { index in
      for reply in replies[2 * index...2 * index + 1] {
        if let error = reply.error { return .failure(FrameStoreError(error)) }
      }
      let fields = Dictionary(replies[2 * index].pairs ?? []) { first, _ in first }
      let scores = replies[2 * index + 1].elements ?? []
      let seen = zip(devices[index].events, scores).filter { Double($0.1.text ?? "").map { $0 > oldest } ?? false }
      return .success(KnownDevice(record: DeviceRecord(fields), seen: Set(seen.map(\.0))))
    }
  }

  package struct KnownDevice: Sendable {
    package let record: DeviceRecord
    /// Of the events that were asked about.
    package let seen: Set<String>
  }

  private static var noTime: FrameStoreError { FrameStoreError(.invalidReply, "Redis answered no time") }

  /// After each reading, for the devices that it had frames of; all of the partition. Entries that are read again change
  /// nothing but the backlog.
  package nonisolated(nonsending) func touch(
    _ owned: OwnedPartition, _ devices: [DeviceTouch]
  ) async throws(FrameStoreError) -> OwnerAnswer {
    guard !devices.isEmpty else { return .done }
    let arguments = devices.flatMap { touch in
      [
        touch.device.description, touch.rawClient ?? "", touch.rawDevice ?? "", touch.newest.description,
        String(touch.interval), String(touch.backlog),
      ]
    }
    return try await answer(
      .touch, by: owned, keys: [keys.devices(owned.partition)] + devices.map { keys.device($0.device) },
      [String(settings.recordLifetime)] + arguments, done: "touched")
  }

  /// Acknowledges entries without recording them: duplicates, and dead letters, which are written in the same step.
  /// - Parameters:
  ///   - batches: first entries of batches that are over, whose tries are forgotten.
  ///   - done: up to which entry all of a device is finished.
  package nonisolated(nonsending) func finish(
    _ owned: OwnedPartition, entries: [EntryID] = [], letters: [DeadLetter] = [], batches: [EntryID] = [],
    done: [(device: DevicePair, entry: EntryID?)] = []
  ) async throws(FrameStoreError) -> OwnerAnswer {
    let lists =
      Self.list(entries.map(\.description)) + Self.list(letters.map(\.arguments))
      + Self.list(batches.map(\.description)) + Self.list(done.map { $0.entry?.description ?? "" })
    return try await answer(
      .finish, by: owned,
      keys: [keys.stream(owned.partition), keys.tries(owned.partition), keys.dead(owned.partition)]
        + done.map { keys.device($0.device) },
      [owned.partition.description] + lists, done: "finished")
  }
}
