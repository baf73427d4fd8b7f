import Testing

@testable import Worker

@Suite struct NotYetReadTests {
  private func notices(_ environment: [String: String]) throws -> [String] {
    let resolver = ConfigurationResolver(
      flags: [], environment: environment.map { GivenSetting(name: $0.key, value: $0.value, origin: .environment) },
      file: [], dotEnv: [])
    return try resolver.resolve().configuration.settingsNotYetRead
  }

  @Test func settingsOfMissingFeaturesAreNamedWhenTheyAreGivenAnotherValue() throws {
    #expect(
      try notices(["STRICT_LIVE_TS": "true", "SILENCE_DURATION": "7", "WEBHOOK_QUEUE_MAX": "5", "PORT": "1"]) == [
        "STRICT_LIVE_TS (strict live sources)", "SILENCE_DURATION (silence detection)", "WEBHOOK_QUEUE_MAX (webhooks)",
      ])
  }

  @Test func defaultsSpelledOutAreNoNews() throws {
    #expect(try notices(["STRICT_LIVE_TS": "false", "SILENCE_DURATION": "3.0", "REDIS_ENABLED": "false"]) == [])
  }

  @Test func allOfThemAreSettings() {
    #expect(SettingsNotYetRead.names.filter { SettingTable.byName[$0] == nil } == [])
    #expect(Set(SettingsNotYetRead.names).count == SettingsNotYetRead.names.count)
  }

  @Test func theDocumentsCannotTakeAnotherRoutesPlace() {
    for value in ["/streams", "/health/docs", "/stream/x"] {
      #expect(throws: ConfigurationError.self) { try notices(["DOCS_URL": value]) }
    }
  }

  @Test func allowedOptionsReachTheTemplatePolicyWithoutTheirDash() throws {
    var configuration = Configuration()
    configuration.ffmpeg.allowedOptions = ["-x264opts2", "-foo"]
    #expect(configuration.templatePolicy.additionalOptions == ["x264opts2", "foo"])
  }
}
