internal import Redis

/// A device that was silent when it was looked at, and is not known to have ended its transmission.
package struct SilentDevice: Sendable, Equatable {
  package let device: DevicePair
  /// When its last frame was received.
  package let received: FrameTime
}

/// What one look at a partition's silent devices found.
package struct Silence: Sendable {
  /// Nobody has read the partition empty yet; nothing follows from that.
  package static let unknown = Silence(devices: [], lookedUpTo: nil, hasMore: false)

  package let devices: [SilentDevice]
  /// The next look begins after it; nil: as this one.
  package let lookedUpTo: FrameTime?
  package let hasMore: Bool
}

/// Whether a silent device is in a transmission.
package struct SilentState: Sendable, Equatable {
  package let received: EntryID?
  /// All entries up to it are finished.
  package let done: EntryID?
  package let session: SessionID?
}

extension FrameStore {
  /// Devices that fell silent since the last look, of each of the partitions. Those without a session and without frames
  /// that could begin one are left out.
  /// - Parameter after: up to when each was looked at before.
  package nonisolated(nonsending) func silent(
    _ partitions: [FramePartition], after: [FramePartition: FrameTime], atMost most: Int = 1_000
  ) async throws(FrameStoreError) -> [Silence] {
    let offset = String(settings.clockOffset().wholeMilliseconds)
    let steps = partitions.map { partition in
      RedisStep.script(
        FrameScript.silent.redis, keys: [keys.partition(partition), keys.devices(partition)],
        [
          offset, String(settings.offline.threshold), after[partition].map { String($0.milliseconds) } ?? "",
          String(most), keys.devicePrefix(partition),
        ].map { .text($0) })
    }
    var found: [Silence] = []
    for reply in try await pipeline(steps) { found.append(try Self.silence(FrameReply(reply))) }
    return found
  }

  private static func silence(_ reply: FrameReply) throws(FrameStoreError) -> Silence {
    guard reply.tag == "silent" else { return .unknown }
    let devices = try reply.list(3).compactMap { value -> SilentDevice? in
      guard let parts = value.elements, parts.count == 2, let device = parts[0].text.flatMap({ DevicePair($0) }),
        let received = parts[1].text.flatMap({ Int64($0) })
      else { return nil }
      return SilentDevice(device: device, received: FrameTime(milliseconds: received))
    }
    return Silence(devices: devices, lookedUpTo: try reply.time(1), hasMore: try reply.number(2) as Int == 1)
  }

  package nonisolated(nonsending) func states(
    _ devices: [DevicePair]
  ) async throws(FrameStoreError) -> [SilentState] {
    let steps = devices.map {
      RedisStep.command(RedisCommand("HMGET", keys.device($0), "received_id", "done_id", "session"))
    }
    guard !steps.isEmpty else { return [] }
    return try await pipeline(steps).map { reply in
      let values = (reply.elements ?? []).map { $0.text ?? "" }
      guard values.count == 3 else { return SilentState(received: nil, done: nil, session: nil) }
      return SilentState(received: EntryID(values[0]), done: EntryID(values[1]), session: SessionID(values[2]))
    }
  }

  /// As `end`, of many; where one cannot be asked it has no answer.
  package nonisolated(nonsending) func end(
    _ sessions: [(session: SessionID, device: DevicePair)]
  ) async throws(FrameStoreError) -> [EndAnswer?] {
    guard !sessions.isEmpty else { return [] }
    let offset = String(settings.clockOffset().wholeMilliseconds)
    let steps = sessions.map { session, device in
      RedisStep.script(
        FrameScript.end.redis, keys: endKeys(session, of: device),
        ([offset] + endArguments(session, of: device)).map { .text($0) })
    }
    return try await pipeline(steps).map { try? Self.ended(FrameReply($0)) }
  }
}
