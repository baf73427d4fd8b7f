/// What Redis answered (RESP2).
package enum RedisValue: Sendable {
  case null
  case integer(Int64)
  case status(String)
  case bulk(RedisBulk)
  case array([RedisValue])
  case error(RedisServerError)
}

/// Each is nil where the shape is another.
extension RedisValue {
  package var isNull: Bool {
    if case .null = self { true } else { false }
  }

  /// Of a bulk or a status.
  package var text: String? {
    switch self {
    case .bulk(let bulk): bulk.text
    case .status(let text): text
    case .null, .integer, .array, .error: nil
    }
  }

  /// Also of a bulk that holds a decimal number.
  package var integer: Int64? {
    switch self {
    case .integer(let number): number
    case .bulk(let bulk): bulk.count <= 20 ? Int64(bulk.text) : nil
    case .null, .status, .array, .error: nil
    }
  }

  package var bulk: RedisBulk? {
    if case .bulk(let bulk) = self { bulk } else { nil }
  }

  package var elements: [RedisValue]? {
    if case .array(let elements) = self { elements } else { nil }
  }

  package var error: RedisServerError? {
    if case .error(let error) = self { error } else { nil }
  }

  /// Of a flat array of names and values: HGETALL, the fields of a stream entry.
  package var pairs: [(String, String)]? {
    guard let elements, elements.count.isMultiple(of: 2) else { return nil }
    var pairs: [(String, String)] = []
    pairs.reserveCapacity(elements.count / 2)
    for at in stride(from: 0, to: elements.count, by: 2) {
      guard let name = elements[at].pairText, let value = elements[at + 1].pairText else { return nil }
      pairs.append((name, value))
    }
    return pairs
  }

  private var pairText: String? { text ?? integer.map(String.init) }
}
