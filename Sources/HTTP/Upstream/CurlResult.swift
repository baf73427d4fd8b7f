internal import CCurl
internal import Glibc

extension UpstreamTransfer {
  /// What libcurl's code means for this transfer.
  func result(of code: CURLcode, handle: CurlHandle) -> Result<UpstreamSummary, UpstreamError> {
    if code == CURLE_OK {
      return .success(UpstreamSummary(bodyBytes: bodyBytes, announcedLength: bodyLength))
    }
    return .failure(abortReason ?? error(for: code, handle: handle))
  }

  /// The announced length of a body that is really sent (RFC 9110 §6.4.1).
  private var bodyLength: UInt64? {
    if case .head? = hop?.method { return nil }
    return head.status == 204 || head.status == 304 ? nil : head.announcedLength
  }

  private func error(for code: CURLcode, handle: CurlHandle) -> UpstreamError {
    switch code {
    case CURLE_URL_MALFORMAT: .badURL(text(of: code))
    // The URL's scheme has been checked: this is an answer without a status line.
    case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY: .protocolError("the answer is not HTTP/1")
    case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY: .resolveFailed("no such host")
    case CURLE_COULDNT_CONNECT: connectError(handle)
    case CURLE_OPERATION_TIMEDOUT: isHeadDelivered ? .stalled : .connectTimeout
    case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CERTPROBLEM, CURLE_SSL_CIPHER,
      CURLE_SSL_CACERT_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_INVALIDCERTSTATUS:
      .tls(text(of: code))
    case CURLE_PARTIAL_FILE, CURLE_RECV_ERROR, CURLE_SEND_ERROR, CURLE_GOT_NOTHING:
      isHeadDelivered
        ? .brokenBody(received: bodyBytes, announced: bodyLength)
        : .protocolError("connection closed without an answer")
    default: .protocolError(text(of: code))
    }
  }

  private func connectError(_ handle: CurlHandle) -> UpstreamError {
    if let refusal, !isConnectionTried { return .refusedAddress(refusal) }
    let number = handle.connectErrno
    return number == ETIMEDOUT ? .connectTimeout : .connectFailed(errnoText(number))
  }

  /// libcurl's fixed text for the code: it names neither host nor URL.
  private func text(of code: CURLcode) -> String { String(cString: curl_easy_strerror(code)) }
}

/// strerror(3), safe in any thread; empty numbers say so.
func errnoText(_ number: Int32) -> String {
  guard number != 0 else { return "no address could be connected to" }
  var buffer = [CChar](repeating: 0, count: 128)
  guard strerror_r(number, &buffer, buffer.count) == 0 else { return "error \(number)" }
  return String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
}
