internal import HTTP
internal import Transcoding

/// The fields that POST /streams and POST /transcode share (api.md §2.1).
struct RegistrationFields {
  let url: SourceURL
  let failoverURLs: [String]
  let failoverResolverURL: String?
  let userAgent: String
  let headers: SourceHeaders
  var headerTexts: [String: String] {
    Dictionary(headers.fields.map { ($0.name, $0.value) }) { first, _ in first }
  }
  /// As Python prints the values.
  let metadata: [String: String]
  /// Per-stream settings of later features, kept as they were given.
  let settings: [String: String]

  private static let webSchemes: Set<SourceURL.Scheme> = [.http, .https]

  /// Nil if a field is wrong: then `body` says which.
  init?(_ body: inout RequestBody, policy: AddressPolicy, callbackPolicy: AddressPolicy, defaultUserAgent: String) {
    let url = Self.url(&body, "url", body.string("url", required: true), policy)
    let given = body.strings("failover_urls", limit: 32)
    failoverURLs = given.enumerated().compactMap { index, text in
      Self.url(&body, "failover_urls", member: String(index), text, policy)?.text
    }
    failoverResolverURL =
      Self.url(&body, "failover_resolver_url", body.string("failover_resolver_url"), callbackPolicy, Self.webSchemes)?
      .text
    userAgent = Self.userAgent(&body) ?? defaultUserAgent
    headers = Self.headers(&body)
    metadata = Self.metadata(&body)
    settings = Self.settings(&body)
    guard let url, body.invalid.isEmpty else { return nil }
    self.url = url
  }

  private static func url(
    _ body: inout RequestBody, _ name: String, member: String? = nil, _ text: String?, _ policy: AddressPolicy,
    _ schemes: Set<SourceURL.Scheme> = Set(SourceURL.Scheme.allCases)
  ) -> SourceURL? {
    guard let text else { return nil }
    do {
      let url = try SourceURL(text, schemes: schemes)
      let port = UInt16(clamping: url.port ?? 0)
      guard !policy.refusesLiteral(host: url.host, port: port, allowsMulticast: url.scheme == .udp) else {
        body.refuse(
          name, member: member, .valueError,
          "Value error, the target \(url.host) is not allowed: name it in "
            + (name == "failover_resolver_url" ? "CALLBACK_ALLOW" : "SOURCE_ALLOW"), input: url.masked)
        return nil
      }
      return url
    } catch {
      body.refuse(name, member: member, .valueError, "Value error, \(error)", input: Masking.mask(url: text))
      return nil
    }
  }

  private static func userAgent(_ body: inout RequestBody) -> String? {
    guard let text = body.string("user_agent"), !text.isEmpty else { return nil }
    guard text.utf8.count <= 1024, SourceHeaders.isAllowedValue(text) else {
      body.refuse(
        "user_agent", .valueError, "Value error, user_agent must be at most 1024 bytes without control characters")
      return nil
    }
    return text
  }

  private static func headers(_ body: inout RequestBody) -> SourceHeaders {
    let values = body.scalars("headers").compactMapValues { $0.plainText.map(SourceHeaders.Value.text) }
    var isFine = true
    for (name, value) in values.sorted(by: { $0.key < $1.key }) {
      do {
        _ = try SourceHeaders([name: value])
      } catch {
        isFine = false
        body.refuse("headers", member: name, .valueError, "Value error, \(error)")
      }
    }
    guard isFine else { return .none }
    do {
      return try SourceHeaders(values)
    } catch {
      body.refuse("headers", .valueError, "Value error, \(error)")
      return .none
    }
  }

  private static func metadata(_ body: inout RequestBody) -> [String: String] {
    var metadata: [String: String] = [:]
    for (key, scalar) in body.scalars("metadata").sorted(by: { $0.key < $1.key }) {
      if let text = scalar.pythonText {
        metadata[key] = text
      } else {
        body.refuse("metadata", member: key, .stringType, "Input should be a string, integer, float or boolean")
      }
    }
    let bytes = metadata.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    if metadata.count > 64 || bytes > 16_384 {
      body.refuse("metadata", .valueError, "Value error, at most 64 keys and 16 KiB are allowed")
    }
    return metadata
  }

  /// Of api.md §2.1: `strict_live_ts`, `silence_threshold_db` … as they are stored.
  private static func settings(_ body: inout RequestBody) -> [String: String] {
    var settings: [String: String] = [:]
    for name in ["strict_live_ts", "use_sticky_session", "enable_silence_detection"] {
      if let value = body.bool(name) { settings[name] = value ? "true" : "false" }
    }
    for rule in numberRules {
      guard let value = body.number(rule.name) else { continue }
      if let (kind, words) = rule.refusal(value) {
        body.refuse(rule.name, kind, "Input should be \(words)")
      } else {
        settings[rule.name] = value.description
      }
    }
    if let count = body.integer("silence_failover_threshold") {
      if count < 1 {
        body.refuse("silence_failover_threshold", .greaterThanEqual, "Input should be greater than or equal to 1")
      }
      settings["silence_failover_threshold"] = String(count)
    }
    return settings
  }

  private struct NumberRule {
    let name: String
    /// What is wrong, if the value is.
    let refusal: @Sendable (Double) -> (InvalidField.Kind, String)?
  }

  private static let numberRules = [
    NumberRule(name: "silence_threshold_db") { $0 <= 0 ? nil : (.lessThanEqual, "less than or equal to 0") },
    NumberRule(name: "silence_duration") { $0 > 0 ? nil : (.valueError, "greater than 0") },
    NumberRule(name: "silence_check_interval") { $0 > 0 ? nil : (.valueError, "greater than 0") },
    NumberRule(name: "silence_monitoring_grace_period") {
      $0 >= 0 ? nil : (.greaterThanEqual, "greater than or equal to 0")
    },
  ]
}
