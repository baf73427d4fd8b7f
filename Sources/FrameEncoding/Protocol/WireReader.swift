/// Reads what `WireWriter` wrote. Whatever the bytes are, it throws or gives values, and takes no more memory than they.
struct WireReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

  mutating func byte() throws(WireError) -> UInt8 {
    guard let byte = rest.popFirst() else { throw WireError(description: "the message ends early") }
    return byte
  }

  mutating func flag() throws(WireError) -> Bool { try byte() != 0 }

  mutating func number() throws(WireError) -> Int64 {
    var value: Int64 = 0
    for _ in 0..<8 { value = value << 8 | Int64(try byte()) }
    return value
  }

  mutating func integer() throws(WireError) -> Int { Int(try number()) }

  mutating func text() throws(WireError) -> String {
    let count = try count()
    defer { rest = rest.dropFirst(count) }
    return String(decoding: rest.prefix(count), as: UTF8.self)
  }

  mutating func list<Value>(
    _ readOne: (inout WireReader) throws(WireError) -> Value
  ) throws(WireError) -> [Value] {
    var values: [Value] = []
    for _ in 0..<(try count()) { values.append(try readOne(&self)) }
    return values
  }

  mutating func optional<Value>(
    _ readOne: (inout WireReader) throws(WireError) -> Value
  ) throws(WireError) -> Value? {
    try flag() ? try readOne(&self) : nil
  }

  func finish() throws(WireError) {
    guard rest.isEmpty else { throw WireError(description: "\(rest.count) bytes follow the message") }
  }

  /// Each item takes a byte at least.
  private mutating func count() throws(WireError) -> Int {
    var value = 0
    for _ in 0..<4 { value = value << 8 | Int(try byte()) }
    guard value <= rest.count else { throw WireError(description: "\(value) items in \(rest.count) bytes") }
    return value
  }
}
