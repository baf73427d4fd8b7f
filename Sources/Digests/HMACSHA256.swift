import COpenSSL

/// HMAC with SHA-256 (RFC 2104).
package enum HMACSHA256 {
  /// The 32 bytes of the code. An empty key is allowed.
  package static func code(key: [UInt8], message: [UInt8]) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: DigestAlgorithm.sha256.byteCount)
    // OpenSSL takes a null key for "the last one used", so an empty key needs an address.
    let keyBytes = key.isEmpty ? [0] : key
    let result = HMAC(
      DigestAlgorithm.sha256.evp, keyBytes, Int32(key.count), message, message.count, &output, nil)
    precondition(result != nil, "libcrypto cannot compute HMAC-SHA256")
    return output
  }

  /// The code of UTF-8 texts.
  package static func code(key: String, message: String) -> [UInt8] {
    code(key: Array(key.utf8), message: Array(message.utf8))
  }
}
