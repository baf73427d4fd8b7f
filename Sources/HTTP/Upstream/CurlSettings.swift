internal import CCurl

extension CurlHandle {
  /// In bytes: libcurl's receive buffer. What a paused transfer can hold back.
  static let receiveBuffer = 262_144

  /// Everything but the callbacks.
  func configure(_ hop: UpstreamHop, for request: UpstreamRequest) {
    configureSafety()
    configureConnection(request)
    set(CURLOPT_URL, hop.url.text)
    set(CURLOPT_USERAGENT, request.userAgent)
    if let range = request.range { set(CURLOPT_RANGE, range) }
    var lines = hop.headers.map { $0.value.isEmpty ? "\($0.name);" : "\($0.name): \($0.value)" }
    switch hop.method {
    case .get: set(CURLOPT_HTTPGET, 1)
    case .head: set(CURLOPT_NOBODY, 1)
    case .post(let body):
      setBody(body)
      lines.append("Expect:")
      if hop.headers.value(of: "content-type") == nil { lines.append("Content-Type: application/octet-stream") }
    }
    set(CURLOPT_HTTPHEADER, lines)
  }

  /// Nothing from the environment, from files of the user or from earlier transfers has an effect.
  private func configureSafety() {
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
    set(CURLOPT_FOLLOWLOCATION, 0)
    set(CURLOPT_PROXY, "")
    set(CURLOPT_NOPROXY, "*")
    set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
    set(CURLOPT_UNRESTRICTED_AUTH, 0)
    set(CURLOPT_HTTPAUTH, 1)  // CURLAUTH_BASIC
    // A handle that is dropped while its name is being resolved must not wait for the resolver's thread.
    set(CURLOPT_QUICK_EXIT, 1)
  }

  private func configureConnection(_ request: UpstreamRequest) {
    set(CURLOPT_HTTP_VERSION, 2)  // CURL_HTTP_VERSION_1_1
    set(CURLOPT_HTTP200ALIASES, ["ICY 200 OK"])
    set(CURLOPT_BUFFERSIZE, CurlHandle.receiveBuffer)
    set(CURLOPT_TCP_KEEPALIVE, 1)
    set(CURLOPT_TCP_KEEPIDLE, 30)
    set(CURLOPT_TCP_KEEPINTVL, 15)
    set(CURLOPT_FORBID_REUSE, request.keepsConnection ? 0 : 1)
    set(CURLOPT_FRESH_CONNECT, request.keepsConnection ? 0 : 1)
    set(CURLOPT_MAXAGE_CONN, 30)
    // Lets libcurl share the time among several addresses of a host.
    let milliseconds = request.timeouts.connect / Duration.milliseconds(1)
    set(CURLOPT_CONNECTTIMEOUT_MS, max(1, Int(milliseconds)))
  }
}
