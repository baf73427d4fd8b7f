package import Observability

extension Configuration {
  package struct Server: Sendable {
    /// The address to listen at, without brackets.
    package var host = ""
    /// 0 = any free port.
    package var port: UInt16 = 0
    /// Empty, or with a leading and without a trailing slash.
    package var rootPath = ""
    package var docsPath = ""
    package var redocPath = ""
    package var openAPIPath = ""
    /// Event loops; 0 = one per core.
    package var loops = 0
    /// Peers whose X-Forwarded-For is believed.
    package var trustedProxies: [AddressBlock] = []
    /// `*`, or origins as browsers send them.
    package var corsAllowOrigins: [String] = []
    package var shutdownGrace: Duration = .zero
  }

  package struct Log: Sendable {
    package var level: LogLevel = .info
    package var format: LogFormat = .text
    var isAppDebug = false
  }

  package struct Auth: Sendable {
    /// Nil = no authentication.
    package var apiToken: String?
    package var urlSigningKey: String?
    package var requiresPlayToken = false
    package var playTokenLifetime: Duration = .zero
    package var showsSourceURLs = false
  }

  /// Counts: 0 = no limit.
  package struct Limits: Sendable {
    package var headerBytes = 0
    package var bodyBytes = 0
    package var headerTimeout: Duration = .zero
    package var connections = 0
    package var connectionsPerAddress = 0
    package var streams = 0
    package var transcodes = 0
    package var clientsPerStream = 0
  }

  package struct Clients: Sendable {
    /// An HLS client without a request for so long is gone (at least three target durations).
    package var hlsTimeout: Duration = .zero
    /// A registered id without access for so long is forgotten.
    package var streamTimeout: Duration = .zero
    package var writeTimeout: Duration = .zero
    package var vodWriteTimeout: Duration = .zero
  }

  package struct Sharing: Sendable {
    package enum Strategy: String, CaseIterable, Sendable {
      case urlAndProfile = "url_profile"
      case urlOnly = "url_only"
      case disabled
    }

    package var strategy: Strategy = .urlAndProfile
    /// False: each POST of a transcode has an id of its own.
    package var poolsTranscodes = false
    var configuredGrace: Duration = .zero
    var timeout: Duration?

    /// How long source and FFmpeg go on after the last client has left.
    package var grace: Duration { timeout ?? configuredGrace }
  }

  /// The window of a stream's log: whichever bound is met first.
  package struct Buffer: Sendable {
    package var window: Duration = .zero
    package var bytes = 0
    /// Life of chunks in Redis.
    package var timeToLive: Duration = .zero
    /// How far behind live a TS client joins.
    package var joinBehind: Duration = .zero
  }

  package struct HLS: Sendable {
    package var segmentDuration: Duration = .zero
    package var listSize = 0
    /// How long a playlist waits for its first segment.
    package var waitTime: Duration = .zero
    package var playlistMaximumBytes = 0
    /// For proxied segments and playlists, per worker.
    package var cacheBytes = 0
  }
}
