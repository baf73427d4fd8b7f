/// The head of an HTTP/1 message as it came over the wire.
package struct HTTPHead: Sendable, Equatable {
  /// The first line, without its end.
  package let startLine: String
  /// Names as they came, in order.
  package let fields: [(name: String, value: String)]
  /// All of it, with the blank line.
  package let raw: [UInt8]

  /// A head that is not what RFC 9112 describes.
  package struct Malformed: Error, CustomStringConvertible {
    package let description: String
  }

  /// `raw` ends with CR LF CR LF.
  package init(_ raw: [UInt8]) throws(Malformed) {
    self.raw = raw
    var lines = String(decoding: raw, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
    guard lines.count >= 3, lines.suffix(2).allSatisfy(\.isEmpty) else {
      throw Malformed(description: "no end of the head")
    }
    lines.removeLast(2)
    startLine = String(lines.removeFirst())
    var fields: [(name: String, value: String)] = []
    for line in lines {
      guard let colon = line.firstIndex(of: ":"), colon > line.startIndex, line.first != " ", line.first != "\t",
        !line[..<colon].contains(" "), !line.contains("\n"), !line.contains("\r")
      else { throw Malformed(description: "a header line: \(line)") }
      let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
      fields.append((String(line[..<colon]), String(value)))
    }
    self.fields = fields
  }

  /// The value of the first field of that name, whatever its case.
  package subscript(_ name: String) -> String? {
    fields.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// The status code of a response; 0 if this is none.
  package var status: Int {
    let parts = startLine.split(separator: " ")
    guard parts.count >= 2, parts[0].hasPrefix("HTTP/1.") else { return 0 }
    return Int(parts[1]) ?? 0
  }

  package static func == (left: HTTPHead, right: HTTPHead) -> Bool { left.raw == right.raw }

  /// The index after the blank line, if it is there.
  static func end(in bytes: [UInt8]) -> Int? {
    guard bytes.count >= 4 else { return nil }
    return (4...bytes.count).first { bytes[($0 - 4)..<$0].elementsEqual([13, 10, 13, 10]) }
  }
}
