/// What stands between the parts of a body (RFC 2046 §5.1.1).
package struct MultipartBoundary: Sendable, Equatable {
  package let text: String

  /// `contentType`: the request's field.
  package init(contentType: String?) throws(MultipartError) {
    guard let contentType, let field = FieldParameters(contentType),
      field.value.equalsIgnoringCase("multipart/form-data")
    else { throw .notMultipart }
    guard let text = field["boundary"], (1...70).contains(text.utf8.count), !text.hasSuffix(" "),
      text.utf8.allSatisfy(Self.isAllowed)
    else { throw .invalidBoundary }
    self.text = text
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    default: "'()+_,-./:=? ".utf8.contains(byte)
    }
  }
}
