package import Identifiers

/// What a POST stores: everything that a worker needs to start the stream, and that listings show of the request.
/// Sizes and grammar are checked before it gets here (api.md §1.5, §2.1, §4).
package struct StreamRegistration: Hashable, Sendable {
  package var id: StreamID
  /// As it was sent, unmasked.
  package var sourceURL: String
  package var failoverURLs: [String]
  /// A callback that names the next URL; wins over the list.
  package var failoverResolverURL: String?
  package var userAgent: String
  /// Sent with each upstream request.
  package var headers: [String: String]
  package var metadata: [String: String]
  package var kind: StreamKind
  /// Per-stream settings of the request (`strict_live_ts`, `silence_threshold_db` …), as text.
  package var settings: [String: String]

  package init(
    id: StreamID, sourceURL: String, failoverURLs: [String] = [], failoverResolverURL: String? = nil,
    userAgent: String = "", headers: [String: String] = [:], metadata: [String: String] = [:],
    kind: StreamKind = .direct, settings: [String: String] = [:]
  ) {
    self.id = id
    self.sourceURL = sourceURL
    self.failoverURLs = failoverURLs
    self.failoverResolverURL = failoverResolverURL
    self.userAgent = userAgent
    self.headers = headers
    self.metadata = metadata
    self.kind = kind
    self.settings = settings
  }
}

/// How a stream's media is made of its source.
package enum StreamKind: Hashable, Sendable {
  /// Passed on as it comes.
  case direct
  /// Made by FFmpeg.
  case transcoded(Transcode)

  package struct Transcode: Hashable, Sendable {
    /// A profile's name; `custom` for a template.
    package var profile: String
    /// The rendered template, without what the server adds (api.md §2.2).
    package var arguments: [String]
    package var variables: [String: String]
    /// Canonical name of api.md §4.5.
    package var outputFormat: String

    package init(profile: String, arguments: [String], variables: [String: String], outputFormat: String) {
      self.profile = profile
      self.arguments = arguments
      self.variables = variables
      self.outputFormat = outputFormat
    }
  }

  package var isTranscoded: Bool {
    switch self {
    case .direct: false
    case .transcoded: true
    }
  }
}
