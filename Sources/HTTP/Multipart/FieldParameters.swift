/// A field's value with its parameters: `form-data; name="a"; filename="b.jpg"` (RFC 9110 §5.6.6). Values may be quoted;
/// a backslash stands for itself unless a quotation mark or another one follows it, as browsers and curl write names.
struct FieldParameters: Equatable {
  let value: String
  /// Names in lower case, in their order.
  private let parameters: [(name: String, value: String)]

  subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

  static func == (left: Self, right: Self) -> Bool {
    left.value == right.value && left.parameters.elementsEqual(right.parameters, by: ==)
  }

  /// Nil for what is no such text.
  init?(_ text: String) {
    let bytes = Array(text.utf8)
    var rest = bytes[...]
    value = Self.text(Self.take(&rest) { $0 != UInt8(ascii: ";") })
    guard !value.isEmpty else { return nil }
    var parameters: [(String, String)] = []
    while rest.popFirst() != nil {
      let name = Self.text(Self.take(&rest) { $0 != UInt8(ascii: "=") && $0 != UInt8(ascii: ";") })
      if rest.first != UInt8(ascii: "=") {
        guard name.isEmpty else { return nil }
        continue
      }
      rest.removeFirst()
      guard !name.isEmpty, let value = Self.value(&rest) else { return nil }
      parameters.append((name.lowercased(), value))
    }
    self.parameters = parameters
  }

  private static func take(_ rest: inout ArraySlice<UInt8>, while condition: (UInt8) -> Bool) -> ArraySlice<UInt8> {
    let taken = rest.prefix(while: condition)
    rest = rest[taken.endIndex...]
    return taken
  }

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(String(decoding: bytes, as: UTF8.self)[...].trimmingBlanks)
  }

  /// Up to the next semicolon or the end.
  private static func value(_ rest: inout ArraySlice<UInt8>) -> String? {
    _ = take(&rest) { $0 == 0x20 || $0 == 0x09 }
    guard rest.first == UInt8(ascii: "\"") else { return text(take(&rest) { $0 != UInt8(ascii: ";") }) }
    rest.removeFirst()
    var value: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "\""):
        guard text(take(&rest) { $0 != UInt8(ascii: ";") }).isEmpty else { return nil }
        return String(decoding: value, as: UTF8.self)
      case UInt8(ascii: "\\") where rest.first == byte || rest.first == UInt8(ascii: "\""):
        value.append(rest.removeFirst())
      default: value.append(byte)
      }
    }
    return nil
  }
}
