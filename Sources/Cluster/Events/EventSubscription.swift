/// The event feed as a sequence of pages, each with at least one event. Ends when its task is cancelled. A reader that
/// is too slow misses events (`EventPage.missed`) and is never a queue.
package struct EventSubscription: AsyncSequence {
  package typealias Element = EventPage

  let coordinator: any Coordinator
  let start: EventPosition

  package func makeAsyncIterator() -> Iterator { Iterator(coordinator: coordinator, position: start) }

  package struct Iterator: AsyncIteratorProtocol {
    let coordinator: any Coordinator
    private(set) var position: EventPosition

    package mutating func next() async throws -> EventPage? {
      let page = try await coordinator.events(after: position, limit: 256, waits: true)
      guard !page.events.isEmpty else { return nil }
      position = page.end
      return page
    }
  }
}

extension Coordinator {
  /// The events after `position` (of a `Last-Event-ID`, or `.start` for all that are kept); nil: those from now on.
  nonisolated(nonsending)
    package func events(after position: EventPosition? = nil) async throws(CoordinatorError) -> EventSubscription
  {
    if let position { return EventSubscription(coordinator: self, start: position) }
    let newest = try await events(after: nil, limit: 0, waits: false).end
    return EventSubscription(coordinator: self, start: newest)
  }
}
