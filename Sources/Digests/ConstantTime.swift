import COpenSSL

/// Comparison of secrets.
package enum ConstantTime {
  /// Whether both are the same. Digests are compared, so that the time taken tells neither where two texts begin to
  /// differ nor whether their lengths agree.
  package static func equal(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    CRYPTO_memcmp(SHA256.digest(left), SHA256.digest(right), DigestAlgorithm.sha256.byteCount) == 0
  }

  package static func equal(_ left: String, _ right: String) -> Bool {
    equal(Array(left.utf8), Array(right.utf8))
  }
}
