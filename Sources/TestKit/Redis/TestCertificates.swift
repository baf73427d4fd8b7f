/// An authority of its own with a certificate for a server and one for a client, made by openssl in a temporary folder.
package struct TestCertificates: Sendable {
  private let folder: TemporaryFolder

  /// The server's certificate is for 127.0.0.1 and for this name.
  package static let serverName = "redis.test"

  package var authority: String { folder.file("ca.crt") }
  package var clientCertificate: String { folder.file("client.crt") }
  package var clientKey: String { folder.file("client.key") }

  fileprivate init(folder: TemporaryFolder) async throws {
    self.folder = folder
    try await make("ca", [])
    let signed = ["-CA", folder.file("ca.crt"), "-CAkey", folder.file("ca.key")]
    try await make("server", signed + ["-addext", "subjectAltName=IP:127.0.0.1,DNS:\(Self.serverName)"])
    try await make("client", signed)
  }

  private func make(_ name: String, _ more: [String]) async throws {
    let files = ["-keyout", folder.file("\(name).key"), "-out", folder.file("\(name).crt")]
    let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    try await FFmpegTool.succeed(
      "openssl", ["req", "-x509", "-days", "2", "-subj", "/CN=\(name)"] + key + files + more, within: .seconds(20))
  }

  func serverArguments(asksForCertificate: Bool) -> [String] {
    [
      "--tls-cert-file", folder.file("server.crt"), "--tls-key-file", folder.file("server.key"), "--tls-ca-cert-file",
      authority, "--tls-auth-clients", asksForCertificate ? "yes" : "no",
    ]
  }
}

extension Fixture {
  /// Certificates that go with the fixture.
  package func certificates() async throws -> TestCertificates {
    try await TestCertificates(folder: temporaryFolder("certificates"))
  }
}
