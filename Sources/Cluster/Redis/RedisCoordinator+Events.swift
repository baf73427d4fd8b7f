internal import Redis

extension RedisCoordinator {
  package nonisolated(nonsending) func events(after position: EventPosition?, limit: Int, waits: Bool)
    async throws(CoordinatorError) -> EventPage
  {
    var position = position
    // A cancelled task gets no reply any more.
    while !Task.isCancelled {
      do throws(CoordinatorError) {
        let page = try await page(after: position, limit: limit)
        guard waits, page.events.isEmpty, limit > 0 else { return page }
        position = page.end
        await tail.wait(after: page.end)
      } catch {
        guard Task.isCancelled else { throw error }
      }
    }
    return EventPage(events: [], missed: false, end: position ?? .start)
  }

  nonisolated(nonsending) private func page(after position: EventPosition?, limit: Int)
    async throws(CoordinatorError) -> EventPage
  {
    let from = position.map { "(" + $0.description } ?? "+"
    let replies = try await pipeline(
      [
        .command(RedisCommand("XREVRANGE", keys.events, "+", "-", "COUNT", "1")),
        .command(RedisCommand("XRANGE", keys.events, "-", "+", "COUNT", "1")),
        .command(RedisCommand("XINFO", "STREAM", keys.events)),
        .command(RedisCommand("XRANGE", keys.events, from, "+", "COUNT", String(max(limit, 1)))),
      ], about: keys.events)
    for reply in [replies[0], replies[1], replies[3]] {
      if let error = reply.error { throw CoordinatorError(error, key: keys.events) }
    }
    let newest = Self.position(replies[0]) ?? .start
    // A position that nothing has yet (of another store) would keep its reader waiting for ever.
    guard let position, position <= newest else { return EventPage(events: [], missed: false, end: newest) }
    let events = limit > 0 ? try self.events(replies[3]) : []
    let first = Self.position(replies[1]) ?? .start
    return EventPage(
      events: events, missed: position < first && Self.hasDropped(replies[2]),
      end: Self.position(last: replies[3], limit: limit) ?? position)
  }

  private func events(_ reply: RedisValue) throws(CoordinatorError) -> [ClusterEvent] {
    let fields = EventFields(key: keys.events, masking: nil)
    var events: [ClusterEvent] = []
    for entry in reply.elements ?? [] {
      if let event = try readable({ () throws(CoordinatorError) in try fields.decode(entry) }) { events.append(event) }
    }
    return events
  }

  private static func position(_ reply: RedisValue) -> EventPosition? {
    reply.elements?.first?.elements?.first?.text.flatMap { EventPosition($0) }
  }

  private static func position(last reply: RedisValue, limit: Int) -> EventPosition? {
    guard limit > 0 else { return nil }
    return reply.elements?.last?.elements?.first?.text.flatMap { EventPosition($0) }
  }

  /// Whether the stream has had more entries than it holds.
  private static func hasDropped(_ information: RedisValue) -> Bool {
    let elements = information.elements ?? []
    func number(_ name: String) -> Int64? {
      guard let place = elements.firstIndex(where: { $0.text == name }), place + 1 < elements.count else { return nil }
      return elements[place + 1].integer
    }
    guard let added = number("entries-added"), let length = number("length") else { return false }
    return added > length
  }
}
