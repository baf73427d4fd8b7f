internal import Digests
internal import Foundation
internal import HTTP
internal import Identifiers

/// The signature of URLs (api.md §1.7): unpadded base64url of the first 16 bytes of HMAC-SHA256 over the parts.
enum URLSignature {
  static func text(_ parts: [String], key: [UInt8]) -> String {
    let code = HMACSHA256.code(key: key, message: Array(parts.joined(separator: "\n").utf8))
    return Base64.urlText(code.prefix(16))
  }

  /// `URL_SIGNING_KEY`, else made of `API_TOKEN`, else random for the life of this process.
  static func key(_ auth: Configuration.Auth) -> [UInt8] {
    if let key = auth.urlSigningKey { return Array(key.utf8) }
    if let token = auth.apiToken { return HMACSHA256.code(key: token, message: "millrace-url-signing-1") }
    return RandomBytes.make(32)
  }
}

/// Play URLs that expire (api.md §1.7, §2.8).
struct PlayTokens: Sendable {
  struct Token: Equatable, Sendable {
    /// Unix seconds.
    let expiry: Int
    let signature: String

    var query: String { "exp=\(expiry)&sig=\(signature)" }
  }

  private let key: [UInt8]
  /// REQUIRE_PLAY_TOKEN.
  private let isRequired: Bool
  /// PLAY_TOKEN_TTL in seconds.
  let longestLife: Int

  init(_ auth: Configuration.Auth) {
    key = URLSignature.key(auth)
    isRequired = auth.requiresPlayToken
    longestLife = Int(auth.playTokenLifetime.components.seconds)
  }

  func token(for stream: StreamID, expiry: Int) -> Token {
    Token(expiry: expiry, signature: URLSignature.text(["v1", "play", stream.text, String(expiry)], key: key))
  }

  /// The token of a request that may play: what playlists copy on to their URIs. Nil where none is asked for. Throws
  /// 403 for one that is missing, altered or over.
  func check(
    _ query: HTTPQuery, for stream: StreamID, now: Int = Int(Date().timeIntervalSince1970)
  ) throws(Problem) -> Token? {
    guard isRequired else { return nil }
    guard let text = query.first("exp"), let expiry = Int(text), text == String(expiry), expiry > now,
      let signature = query.first("sig")
    else { throw .signatureInvalid }
    let token = token(for: stream, expiry: expiry)
    guard ConstantTime.equal(token.signature, signature) else { throw .signatureInvalid }
    return token
  }
}
