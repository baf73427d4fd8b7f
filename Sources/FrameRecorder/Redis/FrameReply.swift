internal import Cluster
internal import Identifiers
internal import Redis

/// What a script of the recorder answers: a tag, and what belongs to it.
struct FrameReply {
  let tag: String
  private let elements: [RedisValue]

  init(_ reply: RedisValue) throws(FrameStoreError) {
    if let error = reply.error { throw FrameStoreError(error) }
    guard let elements = reply.elements, let tag = elements.first?.text else {
      throw FrameStoreError(.invalidReply, "a script of the recorder answered nonsense")
    }
    (self.tag, self.elements) = (tag, elements)
  }

  var nonsense: FrameStoreError {
    FrameStoreError(.invalidReply, "a script of the recorder answered nonsense behind \(tag)")
  }

  /// Nil for an empty one.
  func text(_ index: Int) -> String? {
    guard index < elements.count, let text = elements[index].text, !text.isEmpty else { return nil }
    return text
  }

  func number<Number: FixedWidthInteger>(_ index: Int) throws(FrameStoreError) -> Number {
    guard let number = text(index).flatMap({ Number($0) }) else { throw nonsense }
    return number
  }

  func time(_ index: Int) throws(FrameStoreError) -> FrameTime { FrameTime(milliseconds: try number(index)) }

  func list(_ index: Int) throws(FrameStoreError) -> [RedisValue] {
    guard index < elements.count, let list = elements[index].elements else { throw nonsense }
    return list
  }

  func fields(_ index: Int) throws(FrameStoreError) -> [String: String] {
    guard index < elements.count, let pairs = elements[index].pairs else { throw nonsense }
    return Dictionary(pairs) { first, _ in first }
  }

  /// Who owns the partition that the caller does not; nil: nobody.
  var owner: Ownership? {
    guard let worker = text(1), let epoch = text(2).flatMap({ UInt64($0) }) else { return nil }
    return Ownership(worker: WorkerID(worker), epoch: Epoch(epoch))
  }
}
