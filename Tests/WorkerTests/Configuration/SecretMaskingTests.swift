import Testing

@testable import Worker

/// No listing and no message shows a secret, whether the value is allowed or not.
@Suite struct SecretMaskingTests {
  private static let secret = "hunter2"

  private static let fine = [
    ("API_TOKEN", "hunter2"), ("REDIS_PASSWORD", "hunter2"), ("URL_SIGNING_KEY", "hunter2"),
    ("WEBHOOK_SECRET", "whsec_hunter2hunter2hunter2hunter2hunter2A"), ("REDIS_URL", "redis://user:hunter2@h/1"),
    ("REDIS_URL", "redis://hunter2@h"), ("REDIS_URL", "redis://u:a@b?hunter2@h"),
    ("MEDIA_REDIS_URL", "rediss://:hunter2@h:1"),
  ]

  private static let wrong = [
    ("API_TOKEN", "hunter2\u{1}"), ("REDIS_PASSWORD", "hunter2\n"), ("WEBHOOK_SECRET", "hunter2"),
    ("REDIS_URL", "redis://:hunter2"), ("REDIS_URL", "hunter2"), ("REDIS_URL", "redis://:hunter2@h:x"),
    ("MEDIA_REDIS_URL", "redis://h?password=hunter2"),
  ]

  private func resolver(_ name: String, _ value: String) -> ConfigurationResolver {
    var resolver = ConfigurationResolver()
    resolver.environment = [GivenSetting(name: name, value: value, origin: .environment)]
    return resolver
  }

  @Test(arguments: fine) func inListings(name: String, value: String) throws {
    let effective = try resolver(name, value).resolve()
    let setting = try #require(SettingTable.byName[name])
    #expect(setting.show(effective.configuration) == value)
    let listing = ConfigurationListing(effective: effective)
    for text in [listing.text, listing.json] {
      #expect(!text.contains(SecretMaskingTests.secret))
      #expect(text.contains("***"))
    }
  }

  @Test(arguments: wrong) func inProblems(name: String, value: String) {
    let error = #expect(throws: ConfigurationError.self) { try resolver(name, value).resolve() }
    #expect(error?.problems.first?.name == name)
    #expect(error?.description.contains(SecretMaskingTests.secret) == false)
  }

  @Test(arguments: [
    ("redis://h:6379/0", "redis://h:6379/0"), ("redis://user:pw@h/1", "redis://***@h/1"),
    ("unix:///run/r.sock?db=1", "unix:///run/r.sock?***"),
  ]) func aURLKeepsWhatIsNoSecret(url: String, masked: String) {
    #expect(SecretMasking.urlSecrets.mask(url) == masked)
  }
}
