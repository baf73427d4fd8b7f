internal import COpenSSL
internal import Glibc

/// TLS on a socket that does not block. Its owner closes the descriptor after this.
final class TLSSession {
  enum Progress {
    case done(Int)
    case wantsRead
    case wantsWrite
    case ended(String)
  }

  private let ssl: OpaquePointer

  init(_ ssl: OpaquePointer) { self.ssl = ssl }

  deinit { SSL_free(ssl) }

  func handshake() -> Progress { progress { SSL_connect(ssl) } }

  func read(into buffer: UnsafeMutableRawBufferPointer) -> Progress {
    progress { SSL_read(ssl, buffer.baseAddress, Int32(clamping: buffer.count)) }
  }

  /// Takes some of the bytes; there is at least one.
  func write(_ bytes: UnsafeRawBufferPointer) -> Progress {
    progress { SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count)) }
  }

  /// Says goodbye if the socket takes it.
  func sayEnd() {
    ERR_clear_error()
    SSL_shutdown(ssl)
  }

  private func progress(_ call: () -> Int32) -> Progress {
    ERR_clear_error()
    let result = call()
    if result > 0 { return .done(Int(result)) }
    let code = errno
    switch SSL_get_error(ssl, result) {
    case SSL_ERROR_WANT_READ: return .wantsRead
    case SSL_ERROR_WANT_WRITE: return .wantsWrite
    case SSL_ERROR_ZERO_RETURN: return .ended("the server has closed the connection")
    case SSL_ERROR_SYSCALL: return .ended(code == 0 ? "the server has closed the connection" : errorText(code))
    default: return .ended(complaint)
    }
  }

  private var complaint: String {
    let verdict = SSL_get_verify_result(ssl)
    let reason = openSSLComplaint()
    guard verdict != Int(X509_V_OK), let text = X509_verify_cert_error_string(verdict), SSL_get_verify_mode(ssl) != 0
    else { return "TLS: \(reason)" }
    return "TLS: the server's certificate is refused: \(String(cString: text))"
  }
}
