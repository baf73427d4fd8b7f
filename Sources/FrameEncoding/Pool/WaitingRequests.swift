/// The requests that no process has yet, oldest first.
struct WaitingRequests {
  struct Item: Equatable {
    var request: EncoderPoolStateMachine.Request
    /// A process that has done nothing before shall do it.
    var fresh: Bool
  }

  private var items: [Item] = []
  private var head = 0

  var count: Int { items.count - head }
  var oldest: Item? { head < items.count ? items[head] : nil }

  mutating func append(_ item: Item) { items.append(item) }

  mutating func removeOldest() {
    guard head < items.count else { return }
    head += 1
    // What is gone is let go in pieces: not a move of all for each.
    guard head > 1024, head * 2 > items.count else { return }
    items.removeFirst(head)
    head = 0
  }

  /// The oldest for which any process will do.
  mutating func removeOldestOrdinary() -> EncoderPoolStateMachine.Request? {
    guard let place = items[head...].firstIndex(where: { !$0.fresh }) else { return nil }
    return items.remove(at: place).request
  }

  mutating func removeAll() -> [Item] {
    defer { (items, head) = ([], 0) }
    return Array(items[head...])
  }
}
