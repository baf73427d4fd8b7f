/// A request target taken apart: origin-form, absolute-form or `*` (RFC 9112 §3.2).
struct RequestTarget: Equatable {
  /// Percent-decoded. `/` is no segment at all; one trailing slash is ignored; `//` makes an empty segment.
  let segments: [String]
  let query: HTTPQuery
  /// A `.` or `..` segment, a NUL or an encoded slash: the path names nothing, whatever is routed.
  let isPathRefused: Bool
  let isAsterisk: Bool

  init(_ target: [UInt8]) {
    isAsterisk = target == [UInt8(ascii: "*")]
    guard !isAsterisk else {
      (segments, query, isPathRefused) = ([], HTTPQuery(), false)
      return
    }
    var rest = Self.withoutAuthority(target[...])
    if let fragment = rest.firstIndex(of: UInt8(ascii: "#")) { rest = rest[..<fragment] }
    let question = rest.firstIndex(of: UInt8(ascii: "?")) ?? rest.endIndex
    query = HTTPQuery(bytes: rest[question...].dropFirst())
    let decoded = Self.split(rest[..<question]).map { PercentCoding.decode($0) }
    isPathRefused = decoded.contains(where: Self.isRefused)
    segments = isPathRefused ? [] : decoded.map { String(decoding: $0, as: UTF8.self) }
  }

  /// What follows `scheme://authority` of an absolute-form.
  private static func withoutAuthority(_ target: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    guard target.first != UInt8(ascii: "/"), let colon = target.firstIndex(of: UInt8(ascii: ":")),
      target[colon...].starts(with: "://".utf8)
    else { return target }
    return target[(colon + 3)...].drop { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
  }

  private static func split(_ path: ArraySlice<UInt8>) -> ArraySlice<ArraySlice<UInt8>> {
    var pieces = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)[...]
    if pieces.first?.isEmpty == true { pieces = pieces.dropFirst() }
    if pieces.last?.isEmpty == true { pieces = pieces.dropLast() }
    return pieces
  }

  private static func isRefused(_ segment: [UInt8]) -> Bool {
    segment == [0x2E] || segment == [0x2E, 0x2E] || segment.contains(0) || segment.contains(UInt8(ascii: "/"))
  }
}
