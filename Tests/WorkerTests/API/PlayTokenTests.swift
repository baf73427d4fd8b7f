import HTTP
import Identifiers
import Testing

@testable import Worker

@Suite struct PlayTokenTests {
  private let id = StreamID("8704568ea9724300e3d14c1b28f19b6c")

  private func tokens(required: Bool = true) -> PlayTokens {
    var auth = Configuration().auth
    auth.urlSigningKey = "test-signing-key"
    auth.requiresPlayToken = required
    return PlayTokens(auth)
  }

  @Test(
    arguments: [
      (["v1", "segment", "cc1cc9ddd6d97793b70120fb4f9c0ed4", "http://h/seg1.ts"], "K6NHenfByy0fNYELBQFPUg"),
      (["v1", "play", "8704568ea9724300e3d14c1b28f19b6c", "1800000000"], "KtRpYV4Ac1jsewKUeP75AA"),
    ])
  func signaturesAreThoseOfTheContract(parts: [String], signature: String) {
    #expect(URLSignature.text(parts, key: Array("test-signing-key".utf8)) == signature)
  }

  @Test func theKeyIsTheOperatorsElseMadeOfTheTokenElseRandom() {
    var auth = Configuration().auth
    #expect(URLSignature.key(auth).count == 32 && URLSignature.key(auth) != URLSignature.key(auth))
    auth.apiToken = "t"
    #expect(URLSignature.key(auth).count == 32 && URLSignature.key(auth) == URLSignature.key(auth))
    auth.urlSigningKey = "k"
    #expect(URLSignature.key(auth) == [UInt8(ascii: "k")])
  }

  @Test func aTokenPlaysItsOwnStreamUntilItsTime() throws {
    let id = try #require(id)
    let query = HTTPQuery("exp=1800000000&sig=KtRpYV4Ac1jsewKUeP75AA")
    #expect(try tokens().check(query, for: id, now: 1_799_999_999) == tokens().token(for: id, expiry: 1_800_000_000))
    #expect(throws: Problem.signatureInvalid) { try tokens().check(query, for: id, now: 1_800_000_000) }
    let other = try #require(StreamID("cc1cc9ddd6d97793b70120fb4f9c0ed4"))
    #expect(throws: Problem.signatureInvalid) { try tokens().check(query, for: other, now: 0) }
  }

  @Test(
    arguments: [
      "", "exp=1800000000", "sig=KtRpYV4Ac1jsewKUeP75AA", "exp=1800000000&sig=KtRpYV4Ac1jsewKUeP75AB",
      "exp=1800000001&sig=KtRpYV4Ac1jsewKUeP75AA", "exp=01800000000&sig=KtRpYV4Ac1jsewKUeP75AA",
      "exp=1800000000&sig=", "exp=x&sig=KtRpYV4Ac1jsewKUeP75AA",
    ])
  func anythingElseIsRefused(query: String) throws {
    let id = try #require(id)
    #expect(throws: Problem.signatureInvalid) { try tokens().check(HTTPQuery(query), for: id, now: 0) }
    #expect(try tokens(required: false).check(HTTPQuery(query), for: id, now: 0) == nil)
  }
}
