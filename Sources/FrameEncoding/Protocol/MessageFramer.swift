/// Cuts a stream of bytes into messages: 4 bytes of length, big-endian, then at most 1 MiB.
package struct MessageFramer {
  package static let maxBytes = 1 << 20
  private static let headBytes = 4

  private var pending: [UInt8] = []

  package init() {}

  /// Length and message, or nil if it is too long.
  package static func frame(_ message: [UInt8]) -> [UInt8]? {
    guard message.count <= maxBytes else { return nil }
    let head = stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: message.count >> $0) }
    return head + message
  }

  package mutating func push(_ bytes: UnsafeRawBufferPointer) { pending.append(contentsOf: bytes) }

  /// The next whole message, or nil if it has not all come. Throws when the length is beyond the limit.
  package mutating func next() throws(WireError) -> ArraySlice<UInt8>? {
    guard pending.count >= Self.headBytes else { return nil }
    let length = pending[..<Self.headBytes].reduce(0) { $0 << 8 | Int($1) }
    guard length <= Self.maxBytes else { throw WireError(description: "a message of \(length) bytes") }
    guard pending.count >= Self.headBytes + length else { return nil }
    let message = pending[Self.headBytes..<Self.headBytes + length]
    pending.removeFirst(Self.headBytes + length)
    return message
  }
}
