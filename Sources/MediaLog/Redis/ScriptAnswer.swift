internal import Redis

/// What a log's script answers: a tag, and what belongs to it.
struct ScriptAnswer {
  let tag: String
  private let elements: [RedisValue]

  init(_ reply: RedisValue) throws(ChunkStoreError) {
    if let error = reply.error { throw .unavailable("Redis answered \(error.message)") }
    guard let elements = reply.elements, let tag = elements.first?.text else {
      throw .unavailable("a script of the log answered nonsense")
    }
    (self.tag, self.elements) = (tag, elements)
  }

  var nonsense: ChunkStoreError { .unavailable("a script of the log answered nonsense behind \(tag)") }

  private func text(_ index: Int) -> String? { index < elements.count ? elements[index].text : nil }
  func count(_ index: Int) -> UInt64? { text(index).flatMap { UInt64($0) } }
  func number<Number: FixedWidthInteger>(_ index: Int) -> Number? { text(index).flatMap { Number($0) } }
  func list(_ index: Int) -> [RedisValue] { index < elements.count ? elements[index].elements ?? [] : [] }
}
