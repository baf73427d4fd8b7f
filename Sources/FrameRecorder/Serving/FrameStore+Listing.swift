internal import Redis

extension FrameStore {
  private static let devicesAtOnce = 200
  private static let partitionsAtOnce = 8

  /// Devices behind `after`, at most so many. It costs what the partitions of the page hold, with `client` what all hold.
  package nonisolated(nonsending) func devices(
    client: SafeName?, after: DevicePair?, atMost most: Int
  ) async throws(FrameStoreError) -> DevicePage {
    var found: [DevicePair] = []
    let begin = after.map { keys.partition(of: $0).number } ?? 0
    for first in stride(from: begin, to: keys.partitions, by: Self.partitionsAtOnce) where found.count <= most {
      let numbers = first..<min(first + Self.partitionsAtOnce, keys.partitions)
      let commands = numbers.map { RedisCommand("ZRANGE", keys.devices(FramePartition($0)), "0", "-1") }
      for (number, reply) in zip(numbers, try await answers(commands)) {
        found += (reply.elements ?? []).compactMap { $0.text.flatMap { DevicePair($0) } }.filter { pair in
          (client.map { $0 == pair.client } ?? true) && (number > begin || after.map { pair > $0 } ?? true)
        }.sorted()
      }
    }
    let page = Array(found.prefix(most))
    var devices: [DeviceSummary] = []
    for start in stride(from: 0, to: page.count, by: Self.devicesAtOnce) {
      devices += try await summaries(of: page[start..<min(start + Self.devicesAtOnce, page.count)])
    }
    return DevicePage(devices: devices, next: found.count > most ? page.last : nil)
  }

  /// Nil: the device is unknown.
  package nonisolated(nonsending) func summary(
    of device: DevicePair
  ) async throws(FrameStoreError) -> DeviceSummary? {
    guard try await version(of: device).version != nil else { return nil }
    return try await summaries(of: [device])[0]
  }

  nonisolated(nonsending) private func summaries(
    of devices: ArraySlice<DevicePair>
  ) async throws(FrameStoreError) -> [DeviceSummary] {
    let commands = devices.flatMap { device in
      let log = keys.log(device)
      return [
        RedisCommand("HMGET", keys.device(device), "received_ms", "interval_ms", "session", "backlog"),
        RedisCommand("XLEN", log), RedisCommand("XRANGE", log, "-", "+", "COUNT", "1"),
        RedisCommand("XREVRANGE", log, "+", "-", "COUNT", "1"),
      ]
    }
    let replies = try await answers(commands + [RedisCommand("TIME")])
    guard let last = replies.last else { return [] }
    let now = try time(last)
    return devices.enumerated().map { place, device in
      summary(device, replies[(4 * place)..<(4 * place + 4)], now)
    }
  }

  private func summary(_ device: DevicePair, _ replies: ArraySlice<RedisValue>, _ now: FrameTime) -> DeviceSummary {
    let replies = Array(replies)
    let fields = (replies[0].elements ?? []).map(\.text)
    func number(_ place: Int) -> Int64? { place < fields.count ? fields[place].flatMap { Int64($0) } : nil }
    let received = number(0).map { FrameTime(milliseconds: $0) }
    let limit = settings.offline.limit(interval: number(1) ?? 0)
    let (first, last) = (replies[2].elements?.first, replies[3].elements?.first)
    let firstSegment = first.flatMap { LogFields.segment($0) }
    let total = (last.flatMap { LogFields.total($0) } ?? 0) - (first.flatMap { LogFields.total($0) } ?? 0)
    return DeviceSummary(
      device: device, lastReceived: received,
      isOnline: received.map { now.milliseconds(since: $0) <= limit } ?? false,
      segments: Int(clamping: replies[1].integer ?? 0), first: firstSegment,
      last: last.flatMap { LogFields.segment($0) }, bytes: max(0, total) + Int64(firstSegment?.bytes ?? 0),
      session: fields.count > 2 ? fields[2].flatMap { SessionID($0) } : nil, backlog: Int(clamping: number(3) ?? 0))
  }

  /// The record of a device's session.
  package nonisolated(nonsending) func record(
    of session: SessionID, _ device: DevicePair
  ) async throws(FrameStoreError) -> SessionRecord? {
    let reply = try await answers([RedisCommand("HGETALL", keys.session(session, of: device))])[0]
    return SessionRecord(Dictionary(reply.pairs ?? []) { first, _ in first })
  }

  private static let mostLooked = 200

  /// For how long the oldest frame of a device waits that is accepted and not recorded, ms; nil: there is none. Behind so
  /// many frames of other devices it is told a little older than it is.
  package nonisolated(nonsending) func oldestPending(
    of device: DevicePair
  ) async throws(FrameStoreError) -> Int64? {
    let done = try await answers([RedisCommand("HGET", keys.device(device), "done_id")])[0]
    let from = done.text.flatMap { EntryID($0) }.map { "(\($0)" } ?? "-"
    let stream = keys.stream(keys.partition(of: device))
    let replies = try await answers([
      RedisCommand("XRANGE", stream, from, "+", "COUNT", String(Self.mostLooked)), RedisCommand("TIME"),
    ])
    let now = try time(replies[1])
    let entries = (replies[0].elements ?? []).compactMap { Self.storedFrame($0) }
    let own = entries.first { $0.device == device }
    guard let entry = own ?? (entries.count == Self.mostLooked ? entries.last : nil) else { return nil }
    return max(0, now.milliseconds(since: FrameTime(entry.entry)))
  }
}
