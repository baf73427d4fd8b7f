internal import COpenSSL

/// A Lua script and the name by which the server's cache knows it.
package struct RedisScript: Sendable {
  package let source: String
  /// 40 hexadecimal digits.
  package let sha1: String

  package init(_ source: String) {
    self.source = source
    sha1 = hexSHA1(source)
  }

  /// From the server's cache: answers NOSCRIPT when it is not there.
  func byDigest(keys: [String], _ arguments: [RedisArgument]) -> RedisCommand {
    RedisCommand("EVALSHA", [.text(sha1), .text(String(keys.count))] + keys.map { .text($0) } + arguments)
  }

  /// With its source, which puts it into the cache.
  func bySource(keys: [String], _ arguments: [RedisArgument]) -> RedisCommand {
    RedisCommand("EVAL", [.text(source), .text(String(keys.count))] + keys.map { .text($0) } + arguments)
  }
}

private func hexSHA1(_ text: String) -> String {
  var digest = [UInt8](repeating: 0, count: 20)
  let text = Array(text.utf8)
  precondition(EVP_Digest(text, text.count, &digest, nil, EVP_sha1(), nil) == 1, "OpenSSL has no SHA-1")
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
