/// One argument of a command.
package enum RedisArgument: Sendable, ExpressibleByStringLiteral {
  case text(String)
  case bytes([UInt8])
  /// Goes out without a copy.
  case reference(any RedisBytes)

  package init(stringLiteral value: String) { self = .text(value) }

  var count: Int {
    switch self {
    case .text(let text): text.utf8.count
    case .bytes(let bytes): bytes.count
    case .reference(let object): object.redisBytes.count
    }
  }
}

/// Bytes that go out by reference: the object is kept alive until they have been sent, and neither they nor their
/// address change meanwhile.
package protocol RedisBytes: AnyObject, Sendable {
  var redisBytes: UnsafeRawBufferPointer { get }
}
