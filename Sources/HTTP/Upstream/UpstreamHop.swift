/// One request of a transfer, and how the next one follows from a redirect (RFC 9110 §15.4).
struct UpstreamHop {
  var url: UpstreamURL
  var method: UpstreamRequest.Method
  var headers: [UpstreamHeader]
  private(set) var redirects = 0

  init(url: UpstreamURL, method: UpstreamRequest.Method, headers: [UpstreamHeader]) {
    self.url = url
    self.method = method
    self.headers = headers
  }

  /// Fields that are meant for the origin they were given for.
  private static let originBound = ["authorization", "cookie", "proxy-authorization"]

  mutating func redirected(status: Int, location: String, limit: Int) throws(UpstreamError) {
    guard redirects < limit else { throw .tooManyRedirects }
    let target = try url.redirected(to: location)
    if !target.hasSameOrigin(as: url) {
      headers.removeAll { UpstreamHop.originBound.contains($0.name.lowercased()) }
    }
    switch (status, method) {
    case (301, .post), (302, .post), (303, .post), (303, .get): method = .get
    default: break
    }
    url = target
    redirects += 1
  }
}
