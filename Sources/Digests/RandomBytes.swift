import COpenSSL

/// Bytes nobody can foresee: keys, ids of requests, client ids.
package enum RandomBytes {
  /// `count` bytes of libcrypto's generator. Traps if the generator cannot be seeded: weak keys are worse than none.
  package static func make(_ count: Int) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: count)
    precondition(RAND_bytes(&output, Int32(count)) == 1, "libcrypto has no randomness")
    return output
  }
}
