/// Why a body is no `multipart/form-data`.
package enum MultipartError: Error, Equatable, Sendable, CaseIterable, CustomStringConvertible {
  /// The media type is another one.
  case notMultipart
  /// There is none, or one that RFC 2046 does not allow.
  case invalidBoundary
  /// A boundary is followed by something else than a line end or `--`.
  case malformedDelimiter
  case headerTooLarge
  /// A line of a part's header is none.
  case malformedHeader
  /// A part has no `Content-Disposition: form-data` with a name (RFC 7578 §4.2).
  case missingName
  /// A part is in base64 or quoted-printable, which RFC 7578 §4.7 has done away with.
  case encodedPart
  /// The last boundary is missing.
  case truncated

  package var description: String {
    switch self {
    case .notMultipart: "The body must be multipart/form-data"
    case .invalidBoundary: "The Content-Type has no valid boundary"
    case .malformedDelimiter: "A boundary is not followed by a line end"
    case .headerTooLarge: "The header of a part is too large"
    case .malformedHeader: "The header of a part is malformed"
    case .missingName: "A part has no Content-Disposition: form-data with a name"
    case .encodedPart: "A part has a Content-Transfer-Encoding; send it as it is"
    case .truncated: "The body ends before its last boundary"
    }
  }
}
