internal import COpenSSL

/// What all TLS connections to one Redis share: authorities and this side's certificate. Reads the files.
final class TLSContext {
  struct Unusable: Error {
    let reason: String
  }

  fileprivate let context: OpaquePointer
  fileprivate let verifies: Bool

  init(_ settings: RedisTLS) throws(Unusable) {
    guard let context = SSL_CTX_new(TLS_client_method()) else { throw Unusable(reason: openSSLComplaint()) }
    self.context = context
    verifies = settings.verifies
    SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, Int(TLS1_2_VERSION), nil)
    // A write may be taken in part, and repeated from another address: the buffer's chunks move.
    SSL_CTX_ctrl(
      context, SSL_CTRL_MODE, Int(SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER), nil)
    SSL_CTX_set_verify(context, settings.verifies ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
    try load(settings)
  }

  private func load(_ settings: RedisTLS) throws(Unusable) {
    if let path = settings.authorities {
      try check(SSL_CTX_load_verify_locations(context, path, nil), path)
    } else if verifies {
      try check(SSL_CTX_set_default_verify_paths(context), "the system's authorities")
    }
    guard let certificate = settings.certificate, let key = settings.key else { return }
    try check(SSL_CTX_use_certificate_chain_file(context, certificate), certificate)
    try check(SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM), key)
    try check(SSL_CTX_check_private_key(context), key)
  }

  private func check(_ result: Int32, _ path: String) throws(Unusable) {
    guard result != 1 else { return }
    throw Unusable(reason: "TLS: \(path): \(openSSLComplaint())")
  }

  deinit { SSL_CTX_free(context) }

  /// `name`: what the server's certificate must be for, a host or an address.
  func session(descriptor: Int32, name: String) -> TLSSession? {
    guard let ssl = SSL_new(context) else { return nil }
    let isAddress = a2i_IPADDRESS(name).map { ASN1_STRING_free($0) } != nil
    let parameters = SSL_get0_param(ssl)
    if isAddress {
      X509_VERIFY_PARAM_set1_ip_asc(parameters, name)
    } else {
      SSL_set1_host(ssl, name)
      name.withCString {
        _ = SSL_ctrl(
          ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name), UnsafeMutableRawPointer(mutating: $0))
      }
    }
    SSL_set_fd(ssl, descriptor)
    return TLSSession(ssl)
  }
}

/// The oldest error of the thread's queue, which is then empty.
func openSSLComplaint() -> String {
  let code = ERR_get_error()
  ERR_clear_error()
  return ERR_reason_error_string(code).map { String(cString: $0) } ?? "error \(code)"
}
