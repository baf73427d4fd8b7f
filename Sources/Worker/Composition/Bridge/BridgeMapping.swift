internal import Foundation
internal import PulsarBridge

extension Configuration {
  /// What keeps the bridge from its start. It needs no storage, and a Redis whether or not frames are recorded here.
  var bridgeRefusals: [ConfigurationProblem] {
    guard redis.isEnabled else {
      return [
        ConfigurationProblem(
          name: "REDIS_ENABLED",
          message: "the bridge brings frames to Redis: give REDIS_URL, or REDIS_ENABLED=true and its host")
      ]
    }
    return slots.compactMap { $0 }
  }

  /// Throws `ConfigurationProblem` for a token file that cannot be read.
  func pulsar() throws -> PulsarSettings {
    let given = frames.pulsar
    var settings = PulsarSettings()
    settings.serviceURL = given.serviceURL
    settings.topic = given.topic
    settings.subscription = given.subscription
    let process = ProcessInfo.processInfo
    settings.consumerName = "\(given.consumerName)-\(process.hostName)-\(process.processIdentifier)"
    settings.initialPosition = given.initialPosition == .earliest ? .earliest : .latest
    settings.token = try given.token ?? given.tokenFile.map { try token(in: $0) }
    settings.authorities = given.tlsAuthoritiesFile
    settings.allowsInsecureTLS = given.tlsAllowsInsecure
    settings.maxUnacknowledged = given.maxUnacked
    settings.batchMessages = frames.reading.batchSize
    settings.batchTimeout = frames.reading.batchTimeout
    return settings
  }

  private func token(in path: String) throws -> String {
    guard let text = try? String(contentsOfFile: path, encoding: .utf8), !text.trimmed.isEmpty else {
      throw ConfigurationProblem(
        name: "PULSAR_TOKEN_FILE", message: "'\(path)' cannot be read, or is empty: it holds the token and nothing else"
      )
    }
    return text.trimmed
  }
}
