package import Identifiers
package import Observability

/// An event before it has a place in the feed.
package struct EventDraft: Sendable, Equatable {
  package var stream: StreamID
  package var metadata: [String: String]
  package var content: EventContent

  package init(stream: StreamID, metadata: [String: String], content: EventContent) {
    self.stream = stream
    self.metadata = metadata
    self.content = content
  }
}

/// Some events of the feed, oldest first.
package struct EventPage: Sendable, Equatable {
  package var events: [ClusterEvent]
  /// Events between the asked position and the first one here are no longer kept.
  package var missed: Bool
  /// To be asked for next: of the last event here, else where the reader stood (or the newest, if it stood nowhere).
  package var end: EventPosition
}

/// The last events, a fixed number of them.
package struct EventRing: Sendable {
  private let capacity: Int
  private var storage: [ClusterEvent] = []
  private var first = 0
  private var dropped = EventPosition.start
  package private(set) var last = EventPosition.start

  package init(capacity: Int) { self.capacity = max(capacity, 1) }

  package var count: Int { storage.count }

  package mutating func append(_ draft: EventDraft, at time: WallTime) {
    last = last.next(at: time)
    let event = ClusterEvent(
      position: last, id: UUIDText.random(), time: time, stream: draft.stream, metadata: draft.metadata,
      content: draft.content)
    guard storage.count == capacity else { return storage.append(event) }
    dropped = storage[first].position
    storage[first] = event
    first = (first + 1) % capacity
  }

  package func page(after position: EventPosition?, limit: Int) -> EventPage {
    // A position that nothing has yet (of another store) would keep its reader waiting for ever.
    guard let position, position <= last else { return EventPage(events: [], missed: false, end: last) }
    let start = index(after: position)
    let events = (start..<min(start + max(limit, 0), count)).map(event(at:))
    return EventPage(events: events, missed: position < dropped, end: events.last?.position ?? position)
  }

  private func event(at index: Int) -> ClusterEvent { storage[(first + index) % storage.count] }

  /// How many of the kept events are at or before `position`.
  private func index(after position: EventPosition) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if event(at: middle).position <= position { low = middle + 1 } else { high = middle }
    }
    return low
  }
}

/// Random version 4 UUIDs as text (RFC 9562 §5.4).
enum UUIDText {
  static func random() -> String {
    let high = (UInt64.random(in: 0 ... .max) & ~0xF000) | 0x4000
    let low = (UInt64.random(in: 0 ... .max) & ~(3 << 62)) | (2 << 62)
    let digits = hex(high) + hex(low)
    let cuts = [0, 8, 12, 16, 20, 32]
    return zip(cuts, cuts.dropFirst()).map { String(decoding: digits[$0..<$1], as: UTF8.self) }.joined(separator: "-")
  }

  private static func hex(_ value: UInt64) -> [UInt8] {
    (0..<16).map { place in
      let digit = UInt8((value >> (60 - 4 * UInt64(place))) & 15)
      return digit < 10 ? 0x30 + digit : 0x57 + digit
    }
  }
}
