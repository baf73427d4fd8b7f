internal import Identifiers
internal import JSONCoding

/// A registration as fields of a stream's hash. An empty value stands for an absent field.
enum RegistrationFields {
  private enum Kind: String {
    case direct, transcoded
  }

  static func encode(_ registration: StreamRegistration) -> [(String, String)] {
    let common = [
      ("url", registration.sourceURL), ("failover_urls", list(registration.failoverURLs)),
      ("resolver_url", registration.failoverResolverURL ?? ""), ("user_agent", registration.userAgent),
      ("headers", map(registration.headers)), ("metadata", JSON.map(registration.metadata).text),
      ("settings", map(registration.settings)),
    ]
    switch registration.kind {
    case .direct:
      return common + [
        ("kind", Kind.direct.rawValue), ("profile", ""), ("args", ""), ("variables", ""), ("output", ""),
      ]
    case .transcoded(let transcode):
      return common + [
        ("kind", Kind.transcoded.rawValue), ("profile", transcode.profile), ("args", list(transcode.arguments)),
        ("variables", map(transcode.variables)), ("output", transcode.outputFormat),
      ]
    }
  }

  static func decode(_ id: StreamID, _ hash: StoredHash) throws(CoordinatorError) -> StreamRegistration {
    StreamRegistration(
      id: id, sourceURL: try hash.required("url"), failoverURLs: try hash.list("failover_urls"),
      failoverResolverURL: hash.text("resolver_url"), userAgent: hash.text("user_agent") ?? "",
      headers: try hash.map("headers"), metadata: try hash.map("metadata"), kind: try kind(hash),
      settings: try hash.map("settings"))
  }

  private static func kind(_ hash: StoredHash) throws(CoordinatorError) -> StreamKind {
    switch Kind(rawValue: try hash.required("kind")) {
    case .direct: return .direct
    case .transcoded:
      return .transcoded(
        .init(
          profile: hash.text("profile") ?? "", arguments: try hash.list("args"), variables: try hash.map("variables"),
          outputFormat: hash.text("output") ?? ""))
    case nil: throw hash.failure("kind")
    }
  }

  private static func list(_ texts: [String]) -> String { texts.isEmpty ? "" : JSON.list(texts).text }
  private static func map(_ texts: [String: String]) -> String { texts.isEmpty ? "" : JSON.map(texts).text }
}
