/// Writes the fields of a message: numbers big-endian, texts and lists behind their 32-bit length.
struct WireWriter {
  private(set) var bytes: [UInt8] = []

  mutating func put(_ value: UInt8) { bytes.append(value) }

  mutating func put(_ value: Bool) { bytes.append(value ? 1 : 0) }

  mutating func put(_ value: Int64) {
    for shift in stride(from: 56, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: value >> Int64(shift))) }
  }

  mutating func put(_ value: Int) { put(Int64(value)) }

  mutating func put(_ text: String) {
    let utf8 = text.utf8
    putCount(utf8.count)
    bytes.append(contentsOf: utf8)
  }

  mutating func put<Value>(_ values: [Value], _ putOne: (inout WireWriter, Value) -> Void) {
    putCount(values.count)
    for value in values { putOne(&self, value) }
  }

  mutating func put<Value>(_ value: Value?, _ putOne: (inout WireWriter, Value) -> Void) {
    put(value != nil)
    if let value { putOne(&self, value) }
  }

  private mutating func putCount(_ count: Int) {
    for shift in stride(from: 24, through: 0, by: -8) { bytes.append(UInt8(truncatingIfNeeded: count >> shift)) }
  }
}
