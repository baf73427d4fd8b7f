/// Puts one reply together from the pieces that the parser finds, in their order.
struct ReplyBuilder {
  private struct OpenArray {
    var elements: [RedisValue] = []
    var missing: Int
  }

  private let limits: RedisLimits
  private var open: [OpenArray] = []
  private var elementCount = 0
  private var byteCount = 0
  private var whole: RedisValue?

  /// Why the reply was refused.
  private(set) var complaint: String?

  init(limits: RedisLimits) { self.limits = limits }

  /// False when the reply has too many elements.
  mutating func beginArray(count: Int) -> Bool {
    guard count <= limits.replyElements - elementCount else {
      complaint = "a reply of more than \(limits.replyElements) elements"
      return false
    }
    elementCount += count
    if count == 0 { return add(.array([])) }
    var array = OpenArray(missing: count)
    array.elements.reserveCapacity(min(count, 1024))
    open.append(array)
    return true
  }

  /// False when the reply has too many bytes, with the `count` of this value.
  mutating func add(_ value: RedisValue, count: Int = 0) -> Bool {
    guard count <= limits.replyBytes - byteCount else {
      complaint = "a reply of more than \(limits.replyBytes) bytes"
      return false
    }
    byteCount += count
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
      byteCount = 0
    }
    return whole
  }
}
