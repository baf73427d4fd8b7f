/// An item of an allow list that cannot be read.
package struct AddressAllowListError: Error, Equatable, CustomStringConvertible {
  /// The item as it was written.
  package let item: String
  package let reason: String
  package var description: String { "'\(item)': \(reason)" }
}

/// What the operator permits although it is refused by default (`SOURCE_ALLOW`, `CALLBACK_ALLOW`).
///
/// Items: a host name, an address, `host:port`, `[v6]:port`, a CIDR block. A name matches the host of the URL as it is
/// written there; an address or a block matches the address that is connected to.
package struct AddressAllowList: Hashable, Sendable {
  private enum Item: Hashable, Sendable {
    case name(String, port: UInt16?)
    case range(AddressRange, port: UInt16?)
  }

  private let items: [Item]

  /// Allows nothing.
  package init() { items = [] }

  /// Reads a comma list; white space around the items and empty items are ignored.
  package init(_ text: String) throws(AddressAllowListError) {
    var items: [Item] = []
    for part in text.split(separator: ",") {
      let item = String(part.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
      if !item.isEmpty { items.append(try AddressAllowList.parse(item)) }
    }
    self.items = items
  }

  func allows(host: String, address: IPAddress, port: UInt16) -> Bool {
    guard !items.isEmpty else { return false }
    let name = AddressLiteral.normalised(host: host)
    let target = address.unmapped
    return items.contains { item in
      switch item {
      case .name(let allowed, let allowedPort): allowed == name && (allowedPort ?? port) == port
      case .range(let range, let allowedPort): range.contains(target) && (allowedPort ?? port) == port
      }
    }
  }

  private static func parse(_ item: String) throws(AddressAllowListError) -> Item {
    if item.contains("/") { return .range(try block(item), port: nil) }
    if let address = IPAddress(item) { return .range(AddressRange(only: address.unmapped), port: nil) }
    let (host, port) = try split(item)
    let name = AddressLiteral.normalised(host: host)
    if let address = AddressLiteral.address(in: name) {
      return .range(AddressRange(only: address.unmapped), port: port)
    }
    guard isName(name), !host.hasPrefix("[") else {
      throw AddressAllowListError(item: item, reason: "neither a host name nor an address")
    }
    return .name(name, port: port)
  }

  private static func block(_ item: String) throws(AddressAllowListError) -> AddressRange {
    let parts = item.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, let base = IPAddress(String(parts[0])), parts[1].allSatisfy(\.isNumber),
      let length = Int(parts[1]), let range = AddressRange(base, length: length)
    else { throw AddressAllowListError(item: item, reason: "not a CIDR block such as 10.0.0.0/8") }
    return range
  }

  private static func split(_ item: String) throws(AddressAllowListError) -> (host: String, port: UInt16?) {
    guard let colon = item.lastIndex(of: ":"), !item[colon...].contains("]") else { return (item, nil) }
    guard let port = UInt16(item[item.index(after: colon)...]), port > 0 else {
      throw AddressAllowListError(item: item, reason: "a port is a number from 1 to 65535")
    }
    return (String(item[..<colon]), port)
  }

  private static func isName(_ text: String) -> Bool {
    (1...253).contains(text.utf8.count)
      && text.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: byte >= 0x80
        }
      }
  }
}
