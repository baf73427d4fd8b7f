internal import Redis

extension FrameStore {
  /// When the oldest entry of each partition that is not finished was received; partitions without any are left out.
  package nonisolated(nonsending) func oldestPending() async throws(FrameStoreError) -> [FramePartition: FrameTime] {
    let partitions = keys.allPartitions
    let steps = partitions.map {
      RedisStep.command(RedisCommand("XRANGE", keys.stream($0), "-", "+", "COUNT", "1"))
    }
    var found: [FramePartition: FrameTime] = [:]
    for (partition, reply) in zip(partitions, try await pipeline(steps)) {
      if let error = reply.error { throw FrameStoreError(error) }
      guard let parts = reply.elements?.first?.elements, let entry = parts.first?.text.flatMap({ EntryID($0) }) else {
        continue
      }
      let received = parts.last?.pairs?.first { $0.0 == "received" }?.1
      found[partition] = min(FrameTime(entry), FrameTimeRule.received(entry, field: received))
    }
    return found
  }

  /// Every device that Redis knows.
  package nonisolated(nonsending) func knownDevices() async throws(FrameStoreError) -> Set<DevicePair> {
    var found: Set<DevicePair> = []
    for partition in keys.allPartitions {
      var start = 0
      while true {
        let command = RedisCommand("ZRANGE", keys.devices(partition), String(start), String(start + 999))
        let reply = try await pipeline([.command(command)])[0]
        if let error = reply.error { throw FrameStoreError(error) }
        let members = reply.elements ?? []
        found.formUnion(members.compactMap { $0.text.flatMap { DevicePair($0) } })
        if members.count < 1_000 { break }
        start += 1_000
      }
    }
    return found
  }

  /// A device that was found on the disk is one of the partition's.
  package nonisolated(nonsending) func list(
    _ device: DevicePair, seen: FrameTime
  ) async throws(FrameStoreError) {
    let command = RedisCommand(
      "ZADD", keys.devices(keys.partition(of: device)), "NX", String(seen.milliseconds), device.description)
    let reply = try await pipeline([.command(command)])[0]
    if let error = reply.error { throw FrameStoreError(error) }
  }

  /// Forgets devices whose records have expired. Answers how many.
  package nonisolated(nonsending) func forgetExpired(now: FrameTime) async throws(FrameStoreError) -> Int {
    let bound = String(now.milliseconds - settings.recordLifetime * 1_000)
    var count = 0
    for partition in keys.allPartitions {
      let command = RedisCommand(
        "ZRANGEBYSCORE", keys.devices(partition), "-inf", bound, "LIMIT", "0", "1000")
      let reply = try await pipeline([.command(command)])[0]
      for device in (reply.elements ?? []).compactMap({ $0.text.flatMap { DevicePair($0) } }) {
        let answer = try await run(
          .forgetDevice, keys: [keys.devices(partition), keys.device(device)],
          [device.description, bound])
        if answer.tag == "forgotten" { count += 1 }
      }
    }
    return count
  }

  /// A sweep has looked into the device's folder.
  package nonisolated(nonsending) func looked(_ device: DevicePair, at moment: FrameTime) async throws(FrameStoreError)
  {
    let reply = try await run(.looked, keys: [keys.device(device)], [String(moment.milliseconds)])
    guard reply.tag == "looked" else { throw reply.nonsense }
  }

  /// Which of these segments nothing in Redis has a name for: not listed, not on their way out, not being recorded.
  /// - Parameter indexed: of the index that is judged by; of another one, which came after it was lost, nothing follows.
  package nonisolated(nonsending) func unknown(
    _ numbers: [UInt64], of device: DevicePair, indexed: FrameTime?
  ) async throws(FrameStoreError) -> [UInt64] {
    guard !numbers.isEmpty else { return [] }
    let head = RedisCommand("ZRANGE", keys.segments(device), "0", "-1")
    let listed = try await pipeline([.command(head)])[0]
    if let error = listed.error { throw FrameStoreError(error) }
    let known = Set((listed.elements ?? []).compactMap { $0.text.flatMap { UInt64($0) } })
    let candidates = numbers.filter { !known.contains($0) }
    let trash = keys.trash(keys.partition(of: device))
    let steps = candidates.flatMap { number in
      [
        RedisCommand("XRANGE", keys.log(device), "\(number)-1", "\(number)-1"),
        RedisCommand("ZSCORE", trash, "\(device):\(number)"),
      ].map { RedisStep.command($0) }
    }
    // After the others: where Redis loses all in between, it is gone with them.
    let asking = RedisStep.command(RedisCommand("HMGET", keys.device(device), "reserved", "indexed_at"))
    let replies = try await pipeline(steps + [asking])
    for reply in replies { if let error = reply.error { throw FrameStoreError(error) } }
    let fields = replies.last?.elements?.map { $0.text.flatMap { Int64($0) } } ?? []
    guard fields.count == 2, let present = fields[1], present == indexed?.milliseconds else { return [] }
    let reserved = fields[0].map { UInt64(clamping: $0) }
    return candidates.indices.filter { index in
      let isListed = replies[2 * index].elements?.isEmpty == false
      return !isListed && replies[2 * index + 1].isNull && candidates[index] != reserved
    }.map { candidates[$0] }
  }

  /// Whether the index of a device is empty.
  package nonisolated(nonsending) func hasSegments(_ device: DevicePair) async throws(FrameStoreError) -> Bool {
    let reply = try await pipeline([.command(RedisCommand("XLEN", keys.log(device)))])[0]
    if let error = reply.error { throw FrameStoreError(error) }
    return (reply.integer ?? 0) > 0
  }

  // MARK: Trash

  package struct Trash: Hashable, Sendable {
    package let device: DevicePair
    package let number: UInt64
  }

  /// Segments whose time is over, soonest first; `skipping`: those that could not be removed.
  package nonisolated(nonsending) func dueTrash(
    _ partition: FramePartition, now: FrameTime, skipping: Int, atMost most: Int
  ) async throws(FrameStoreError) -> [Trash] {
    let command = RedisCommand(
      "ZRANGEBYSCORE", keys.trash(partition), "-inf", String(now.milliseconds), "LIMIT", String(skipping),
      String(most))
    let reply = try await pipeline([.command(command)])[0]
    if let error = reply.error { throw FrameStoreError(error) }
    return (reply.elements ?? []).compactMap { member in
      guard let text = member.text, let colon = text.lastIndex(of: ":"),
        let device = DevicePair(String(text[..<colon])), let number = UInt64(text[text.index(after: colon)...])
      else { return nil }
      return Trash(device: device, number: number)
    }
  }

  /// Their files are gone.
  package nonisolated(nonsending) func forget(
    _ trash: [Trash], of partition: FramePartition
  ) async throws(FrameStoreError) {
    guard !trash.isEmpty else { return }
    let members = trash.map { "\($0.device):\($0.number)" }
    let command = RedisCommand("ZREM", ([keys.trash(partition)] + members).map { .text($0) })
    let reply = try await pipeline([.command(command)])[0]
    if let error = reply.error { throw FrameStoreError(error) }
  }
}
