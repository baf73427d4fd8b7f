import Digests
import Testing

@Suite struct DigestsTests {
  @Test(arguments: [
    ("", "d41d8cd98f00b204e9800998ecf8427e"),
    ("abc", "900150983cd24fb0d6963f7d28e17f72"),
    ("http://h/live/a.ts", "8704568ea9724300e3d14c1b28f19b6c"),
    ("http://h/live/a.ts|transcoded|720p|direct", "681cea7897731495a08e92297a962aca"),
  ])
  func md5(text: String, expected: String) {
    #expect(MD5.hex(text) == expected)
  }

  @Test func defaultClientID() {
    let digest = MD5.hex("203.0.113.7-VLC/3.0.20-8704568ea9724300e3d14c1b28f19b6c-")
    #expect("client_" + digest.prefix(16) == "client_385ff3b4b9da6e59")
  }

  @Test(arguments: [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
  ])
  func sha256(text: String, expected: String) {
    #expect(SHA256.hex(text) == expected)
    #expect(Hex.text(SHA256.digest(Array(text.utf8))) == expected)
  }

  @Test(arguments: [
    (["v1", "segment", "cc1cc9ddd6d97793b70120fb4f9c0ed4", "http://h/seg1.ts"], "K6NHenfByy0fNYELBQFPUg"),
    (["v1", "play", "8704568ea9724300e3d14c1b28f19b6c", "1800000000"], "KtRpYV4Ac1jsewKUeP75AA"),
  ])
  func urlSignature(parts: [String], expected: String) {
    let code = HMACSHA256.code(key: "test-signing-key", message: parts.joined(separator: "\n"))
    #expect(Base64.urlText(code.prefix(16)) == expected)
  }

  @Test func webhookSignature() throws {
    let key = try #require(Base64.bytes("bWlsbHJhY2UtdGVzdC1zZWNyZXQtMDEyMzQ1Njc4OQ=="))
    let id = "0f8fad5b-d9cb-469f-a165-70867728950e"
    let signed = "\(id).1800000000.{\"event_id\":\"\(id)\"}"
    let code = HMACSHA256.code(key: key, message: Array(signed.utf8))
    #expect(Base64.text(code) == "0Uc2ywkDr2zKXKAzdXzbOaqObNvRvNaYt+3oMGKbBlk=")
  }

  @Test func hmacOfAnEmptyKeyAndMessage() {
    // A key was used just before: an empty one must not fall back to it.
    _ = HMACSHA256.code(key: "k", message: "m")
    #expect(
      Hex.text(HMACSHA256.code(key: "", message: ""))
        == "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad")
  }

  /// RFC 4648 §10.
  @Test(arguments: [
    ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("fooba", "Zm9vYmE="),
    ("foobar", "Zm9vYmFy"),
  ])
  func base64(text: String, encoded: String) {
    let bytes = Array(text.utf8)
    #expect(Base64.text(bytes) == encoded)
    #expect(Base64.bytes(encoded) == bytes)
    let unpadded = String(encoded.prefix { $0 != "=" })
    #expect(Base64.urlText(bytes) == unpadded)
    #expect(Base64.urlBytes(unpadded) == bytes)
  }

  @Test func base64AlphabetsDiffer() {
    #expect(Base64.text([0xFB, 0xFF]) == "+/8=")
    #expect(Base64.urlText([0xFB, 0xFF]) == "-_8")
    #expect(Base64.bytes("-_8=") == nil)
    #expect(Base64.urlBytes("+/8") == nil)
  }

  @Test(arguments: ["A", "Zg", "Zg=", "Z===", "Zh==", "Zg==\n", "Zg==Zg==", "é==="])
  func malformedBase64IsRefused(text: String) {
    #expect(Base64.bytes(text) == nil)
  }

  @Test func constantTimeComparison() {
    #expect(ConstantTime.equal("secret", "secret"))
    #expect(ConstantTime.equal("", ""))
    #expect(!ConstantTime.equal("secret", "secreT"))
    #expect(!ConstantTime.equal("secret", "secret\0"))
    #expect(!ConstantTime.equal("", "s"))
  }

  @Test func randomBytesDiffer() {
    #expect(RandomBytes.make(32).count == 32)
    #expect(RandomBytes.make(32) != RandomBytes.make(32))
    #expect(RandomBytes.make(0).isEmpty)
  }
}
