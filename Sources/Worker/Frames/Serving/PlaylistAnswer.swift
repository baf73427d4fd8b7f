internal import FrameRecorder
internal import HTTP

extension PlaylistText {
  static let contentType = "application/vnd.apple.mpegurl"

  /// 200 or 304, short where the client takes that. Whoever asks for a range gets the plain bytes: Chromium asks for `0-` and
  /// takes both codings, and then reads what it has kept of the short one as a playlist.
  func answer(_ request: HTTPRequest, cacheControl: String) async -> HTTPResponse {
    let short = request.acceptsGzip && request.headers["Range"] == nil ? await gzip() : nil
    let tag = short == nil ? entityTag : gzipEntityTag
    var headers: HTTPHeaders = [
      "Content-Type": Self.contentType, "Cache-Control": cacheControl, "ETag": tag, "Vary": "Accept-Encoding",
    ]
    if request.holds(entityTag: tag) { return HTTPResponse(status: .notModified, headers: headers) }
    if short != nil { headers.set("Content-Encoding", "gzip") }
    return HTTPResponse(headers: headers, body: .bytes(short ?? bytes))
  }
}

extension HTTPRequest {
  /// Whether `Accept-Encoding` has gzip, or `*` without it (RFC 9110 §12.5.3).
  var acceptsGzip: Bool {
    var (named, other) = (Bool?.none, false)
    for item in headers.all("Accept-Encoding").joined(separator: ",").split(separator: ",") {
      let parts = item.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
      guard let coding = parts.first else { continue }
      let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
      if coding == "gzip" || coding == "x-gzip" { named = weight > 0 }
      if coding == "*" { other = weight > 0 }
    }
    return named ?? other
  }
}
