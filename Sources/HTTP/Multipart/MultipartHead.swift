/// What the header of a part says (RFC 7578 §4.2–4.4).
package struct MultipartHead: Sendable, Equatable {
  /// Of the field; never empty.
  package let name: String
  package let fileName: String?
  package let contentType: String?

  package init(name: String, fileName: String? = nil, contentType: String? = nil) {
    (self.name, self.fileName, self.contentType) = (name, fileName, contentType)
  }

  /// `lines`: unfolded, without their line ends.
  init(lines: [String]) throws(MultipartError) {
    var fields = HTTPHeaders()
    for line in lines {
      guard let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), line.startIndex < colon,
        line[..<colon].utf8.allSatisfy(HeaderText.isTokenByte)
      else { throw .malformedHeader }
      fields.addReceived(String(line[..<colon]), String(line[colon...].dropFirst().trimmingBlanks))
    }
    if let coding = fields["Content-Transfer-Encoding"],
      !["7bit", "8bit", "binary"].contains(where: { coding.equalsIgnoringCase($0) })
    {
      throw .encodedPart
    }
    guard let text = fields["Content-Disposition"] else { throw .missingName }
    guard let disposition = FieldParameters(text) else { throw .malformedHeader }
    guard disposition.value.equalsIgnoringCase("form-data"), let name = disposition["name"], !name.isEmpty else {
      throw .missingName
    }
    (self.name, fileName, contentType) = (name, disposition["filename"], fields["Content-Type"])
  }
}
