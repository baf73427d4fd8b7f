/// A whole representation in memory, answered as the request's conditions ask (RFC 9110 §13.1.2, §13.1.5, §14).
package struct Representation: Sendable {
  package let slices: [BodySlice]
  package let owner: any Sendable
  /// With its quotation marks; nil has no conditions.
  package let entityTag: String?
  /// Content-Type and the like.
  package let headers: HTTPHeaders

  package init(slices: [BodySlice], owner: any Sendable, entityTag: String? = nil, headers: HTTPHeaders = HTTPHeaders())
  {
    self.slices = slices
    self.owner = owner
    self.entityTag = entityTag
    self.headers = headers
  }

  package var total: Int { slices.reduce(0) { $0 + $1.count } }

  /// 200, 206 or 304; throws the 416.
  package func response(to request: HTTPRequest) throws(Problem) -> HTTPResponse {
    var fields = headers
    fields.set("Accept-Ranges", "bytes")
    if let entityTag { fields.set("ETag", entityTag) }
    if isUnchanged(for: request) { return HTTPResponse(status: .notModified, headers: fields) }
    switch ByteRange(request, total: Int64(total), entityTag: entityTag) {
    case .whole: return HTTPResponse(headers: fields, body: .slices(slices, owner: owner))
    case .part(let range):
      fields.set("Content-Range", "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(total)")
      let part = cut(Int(range.lowerBound)..<Int(range.upperBound))
      return HTTPResponse(status: .partialContent, headers: fields, body: .slices(part, owner: owner))
    case .unsatisfiable:
      var problem = Problem.rangeInvalid
      problem.headers.set("Content-Range", "bytes */\(total)")
      throw problem
    }
  }

  /// `If-None-Match` compares weakly.
  private func isUnchanged(for request: HTTPRequest) -> Bool {
    guard let entityTag, request.method == .get || request.method == .head else { return false }
    return request.headers.all("If-None-Match").contains { field in
      field.split(separator: ",").map(\.trimmingBlanks).contains {
        $0 == "*" || Self.opaque($0) == Self.opaque(entityTag[...])
      }
    }
  }

  private static func opaque(_ tag: Substring) -> Substring { tag.hasPrefix("W/") ? tag.dropFirst(2) : tag }

  private func cut(_ range: Range<Int>) -> [BodySlice] {
    var start = 0
    return slices.compactMap { slice in
      defer { start += slice.count }
      return slice.clamped(to: (range.lowerBound - start)..<(range.upperBound - start))
    }
  }
}
