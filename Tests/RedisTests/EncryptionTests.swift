import Redis
import TestKit
import Testing

extension RedisTLS {
  /// What a client needs that a server with these certificates asks for one.
  init(_ certificates: TestCertificates, showsCertificate: Bool = false) {
    self.init()
    authorities = certificates.authority
    if showsCertificate {
      certificate = certificates.clientCertificate
      key = certificates.clientKey
    }
  }
}

/// TLS with an authority of the test's own.
@Suite(.timeLimit(.minutes(1)))
struct EncryptionTests {
  /// The reason why there is no connection; nil if there is one and it works.
  private func refusal(
    asksForCertificate: Bool = false, host: String = "127.0.0.1",
    _ tls: @Sendable (TestCertificates, TestCertificates) -> RedisTLS?
  ) async throws -> String? {
    try await withFixture { fixture in
      let certificates = try await fixture.certificates()
      let server = try await fixture.redisServer(encryption: certificates, asksForCertificate: asksForCertificate)
      var configuration = server.configuration
      configuration.target = .tcp(RedisNode(host: host, port: UInt16(server.port)))
      configuration.tls = tls(certificates, try await fixture.certificates())
      let client = Client(fixture)
      let redis = client.connection(configuration, fixture)
      try await eventually("an outcome") { redis.isConnected || client.sink.messages.contains("Redis is away") }
      guard redis.isConnected else { return client.sink.records.last?.metadata["error"] }
      let replies = try await redis.pipeline((0..<1000).map { RedisCommand("ECHO", "\($0)") })
      #expect(replies.map(\.integer) == (0..<1000).map { $0 })
      return nil
    }
  }

  @Test func theServersOwnAuthorityIsBelieved() async throws {
    #expect(try await refusal { right, _ in RedisTLS(right) } == nil)
    #expect(
      try await refusal { right, _ in
        var tls = RedisTLS(right)
        tls.serverName = TestCertificates.serverName
        return tls
      } == nil)
  }

  @Test func anotherAuthorityIsNot() async throws {
    #expect(try await refusal { _, wrong in RedisTLS(wrong) }?.contains("certificate is refused") == true)
    #expect(try await refusal { _, _ in RedisTLS() }?.contains("certificate is refused") == true)
  }

  @Test func theNameMustBeTheServers() async throws {
    let other = try await refusal { right, _ in
      var tls = RedisTLS(right)
      tls.serverName = "elsewhere.test"
      return tls
    }
    #expect(other?.lowercased().contains("hostname mismatch") == true)
    let byName = try await refusal(host: "localhost") { right, _ in RedisTLS(right) }
    #expect(byName?.lowercased().contains("hostname mismatch") == true)
  }

  @Test func verificationCanBeSwitchedOff() async throws {
    #expect(
      try await refusal { _, wrong in
        var tls = RedisTLS(wrong)
        tls.serverName = "elsewhere.test"
        tls.verifies = false
        return tls
      } == nil)
  }

  @Test func aServerThatAsksGetsTheClientsCertificate() async throws {
    #expect(
      try await refusal(asksForCertificate: true) { right, _ in RedisTLS(right, showsCertificate: true) } == nil)
    #expect(
      try await refusal(asksForCertificate: true) { right, _ in RedisTLS(right) }?.contains("certificate") == true)
    let strange = try await refusal(asksForCertificate: true) { right, wrong in
      var tls = RedisTLS(wrong, showsCertificate: true)
      tls.authorities = right.authority
      return tls
    }
    #expect(strange != nil)
  }

  @Test func filesThatAreNotThereAreNamed() async throws {
    let reason = try await refusal { right, _ in
      var tls = RedisTLS(right)
      tls.authorities = "/nowhere/ca.crt"
      return tls
    }
    #expect(reason?.contains("/nowhere/ca.crt") == true)
  }

  @Test func inTheClearIsNoTLS() async throws {
    #expect(try await refusal { _, _ in nil } != nil)
  }
}
