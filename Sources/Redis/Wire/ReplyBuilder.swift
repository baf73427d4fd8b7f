/// Puts one reply together from the pieces that the parser finds, in their order.
struct ReplyBuilder {
  private struct OpenArray {
    var elements: [RedisValue] = []
    var missing: Int
  }

  private let maxElements: Int
  private var open: [OpenArray] = []
  private var elementCount = 0
  private var whole: RedisValue?

  init(maxElements: Int) { self.maxElements = maxElements }

  /// False when the reply has too many elements.
  mutating func beginArray(count: Int) -> Bool {
    guard count <= maxElements - elementCount else { return false }
    elementCount += count
    if count == 0 { return add(.array([])) }
    var array = OpenArray(missing: count)
    array.elements.reserveCapacity(min(count, 1024))
    open.append(array)
    return true
  }

  @discardableResult
  mutating func add(_ value: RedisValue) -> Bool {
    var value = value
    while var array = open.popLast() {
      array.elements.append(value)
      array.missing -= 1
      if array.missing > 0 {
        open.append(array)
        return true
      }
      value = .array(array.elements)
    }
    whole = value
    return true
  }

  /// The reply, once it is whole.
  mutating func take() -> RedisValue? {
    defer {
      whole = nil
      elementCount = 0
    }
    return whole
  }
}
