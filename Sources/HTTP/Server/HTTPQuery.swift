/// The query of a request target, decoded as forms are (`+` and `%XX`), in its order.
///
/// Tolerant: an escape that is none stays as it stands, bytes that are not UTF-8 become U+FFFD.
package struct HTTPQuery: Sendable, Equatable {
  package struct Item: Sendable, Equatable {
    package let name: String
    package let value: String

    package init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  package let items: [Item]

  package init(items: [Item] = []) { self.items = items }

  /// `text`: what stands behind the `?`. A name without `=` has an empty value; empty pieces do not count.
  package init(_ text: String) { self.init(bytes: Array(text.utf8)[...]) }

  init(bytes: ArraySlice<UInt8>) {
    items = bytes.split(separator: UInt8(ascii: "&")).map { piece in
      let equals = piece.firstIndex(of: UInt8(ascii: "=")) ?? piece.endIndex
      return Item(
        name: PercentCoding.text(piece[..<equals], plusIsSpace: true),
        value: PercentCoding.text(piece[equals...].dropFirst(), plusIsSpace: true))
    }
  }

  package func first(_ name: String) -> String? { items.first { $0.name == name }?.value }

  package func all(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }
}
