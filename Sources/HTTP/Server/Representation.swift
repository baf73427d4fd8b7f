/// A whole representation of a known size, answered as the request's conditions ask (RFC 9110 §13.1.2, §13.1.5, §14).
package struct Representation: Sendable {
  /// Bytes.
  package let total: Int
  /// With its quotation marks; nil has no conditions.
  package let entityTag: String?
  /// Content-Type and the like.
  package let headers: HTTPHeaders
  private let body: @Sendable (Range<Int>) -> HTTPResponse.Body

  /// `body`: the bytes of a range within `total`.
  package init(
    total: Int, entityTag: String?, headers: HTTPHeaders,
    body: @escaping @Sendable (Range<Int>) -> HTTPResponse.Body
  ) {
    (self.total, self.entityTag, self.headers, self.body) = (total, entityTag, headers, body)
  }

  /// In memory.
  package init(slices: [BodySlice], owner: any Sendable, entityTag: String? = nil, headers: HTTPHeaders = HTTPHeaders())
  {
    let total = slices.reduce(0) { $0 + $1.count }
    self.init(total: total, entityTag: entityTag, headers: headers) { range in
      .slices(Self.cut(slices, range), owner: owner)
    }
  }

  /// 200, 206 or 304; throws the 416.
  package func response(to request: HTTPRequest) throws(Problem) -> HTTPResponse {
    var fields = headers
    fields.set("Accept-Ranges", "bytes")
    if let entityTag {
      fields.set("ETag", entityTag)
      if request.holds(entityTag: entityTag) { return HTTPResponse(status: .notModified, headers: fields) }
    }
    switch ByteRange(request, total: Int64(total), entityTag: entityTag) {
    case .whole: return HTTPResponse(headers: fields, body: body(0..<total))
    case .part(let range):
      fields.set("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(total)")
      return HTTPResponse(
        status: .partialContent, headers: fields, body: body(Int(range.lowerBound)..<Int(range.upperBound)))
    case .unsatisfiable:
      var problem = Problem.rangeInvalid
      problem.headers.set("Content-Range", "bytes */\(total)")
      throw problem
    }
  }

  private static func cut(_ slices: [BodySlice], _ range: Range<Int>) -> [BodySlice] {
    var start = 0
    return slices.compactMap { slice in
      defer { start += slice.count }
      return slice.clamped(to: (range.lowerBound - start)..<(range.upperBound - start))
    }
  }
}

extension HTTPRequest {
  /// Whether its `If-None-Match` names the tag: the answer is a 304. It compares weakly (RFC 9110 §13.1.2).
  package func holds(entityTag: String) -> Bool {
    guard method == .get || method == .head else { return false }
    return headers.all("If-None-Match").contains { field in
      field.split(separator: ",").map(\.trimmingBlanks).contains {
        $0 == "*" || Self.opaque($0) == Self.opaque(entityTag[...])
      }
    }
  }

  private static func opaque(_ tag: Substring) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag }
}
