/// One field of a request or response head (RFC 9110 §5). Names compare without case.
package struct UpstreamHeader: Hashable, Sendable {
  package var name: String
  package var value: String

  package init(_ name: String, _ value: String) {
    self.name = name
    self.value = value
  }

  func isNamed(_ other: String) -> Bool { name.count == other.count && name.lowercased() == other.lowercased() }

  /// RFC 9110 §5.6.2 and §5.5: a token and a value that cannot end the line.
  var isSendable: Bool {
    !name.isEmpty && name.utf8.allSatisfy(UpstreamHeader.isTokenByte)
      && value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }
  }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
    }
  }
}

extension [UpstreamHeader] {
  /// The value of the last field called `name`.
  package func value(of name: String) -> String? { last { $0.isNamed(name) }?.value }
}
