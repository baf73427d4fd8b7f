internal import Glibc

/// A time zone that the system knows, by its IANA name.
package struct ZoneName: Equatable, Sendable {
  /// Needs no file.
  package static let utc = "UTC"
  private static let folder = "/usr/share/zoneinfo/"
  private static let longest = 64

  package let name: String
  package var isUTC: Bool { name == Self.utc }

  /// Throws `.timeZone` unless the name is `UTC` or that of a file of the zone database (RFC 8536).
  package init(_ name: String) throws(WatermarkError) {
    guard name == Self.utc || Self.isKnown(name) else { throw .timeZone(name) }
    self.name = name
  }

  private static func isKnown(_ name: String) -> Bool {
    guard name.utf8.count <= longest, name.utf8.first != UInt8(ascii: "/"), name.utf8.allSatisfy(isUsual),
      let file = fopen(folder + name, "re")
    else { return false }
    defer { fclose(file) }
    var magic = [UInt8](repeating: 0, count: 4)
    return fread(&magic, 1, 4, file) == 4 && magic.elementsEqual("TZif".utf8)
  }

  /// No dot: no name has one, and no path leads out.
  private static func isUsual(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): true
    case UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: "-"): true
    default: false
    }
  }
}
