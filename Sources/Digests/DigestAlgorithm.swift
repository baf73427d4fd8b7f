import COpenSSL

/// One message digest of libcrypto, reached through EVP.
enum DigestAlgorithm {
  case md5, sha256

  var byteCount: Int {
    switch self {
    case .md5: 16
    case .sha256: 32
    }
  }

  var evp: OpaquePointer? {
    switch self {
    case .md5: EVP_md5()
    case .sha256: EVP_sha256()
    }
  }

  /// The digest of the whole message. Traps only if libcrypto itself cannot work (no memory, or a build without the
  /// algorithm): no input can make it fail.
  func digest(_ message: [UInt8]) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: byteCount)
    let succeeded = EVP_Digest(message, message.count, &output, nil, evp, nil)
    precondition(succeeded == 1, "libcrypto has no \(self)")
    return output
  }
}
