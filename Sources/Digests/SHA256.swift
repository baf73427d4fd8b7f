/// SHA-256 (FIPS 180-4).
package enum SHA256 {
  /// The 32 bytes of the digest.
  package static func digest(_ message: [UInt8]) -> [UInt8] { DigestAlgorithm.sha256.digest(message) }

  /// The digest as 64 lower-case hexadecimal digits.
  package static func hex(_ message: [UInt8]) -> String { Hex.text(digest(message)) }

  /// The digest of the UTF-8 text as 64 lower-case hexadecimal digits.
  package static func hex(_ text: String) -> String { hex(Array(text.utf8)) }
}
