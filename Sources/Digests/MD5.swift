/// MD5 (RFC 1321): names of things, never a protection.
package enum MD5 {
  /// The 16 bytes of the digest.
  package static func digest(_ message: [UInt8]) -> [UInt8] { DigestAlgorithm.md5.digest(message) }

  /// The digest of the UTF-8 text as 32 lower-case hexadecimal digits.
  package static func hex(_ text: String) -> String { Hex.text(digest(Array(text.utf8))) }
}
