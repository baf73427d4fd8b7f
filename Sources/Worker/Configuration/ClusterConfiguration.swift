extension Configuration {
  package struct Redis: Sendable {
    package enum Fallback: String, CaseIterable, Sendable {
      case memory, refuse
    }

    package enum CertificateCheck: String, CaseIterable, Sendable {
      case none, optional, required
    }

    var givenEnabled: Bool?
    var host = ""
    var port: UInt16 = 0
    var database = 0
    var username: String?
    var password: String?
    var url: RedisURL?
    var mediaURL: RedisURL?
    var usesTLS = false
    package var tlsAuthoritiesFile: String?
    package var tlsCertificateFile: String?
    package var tlsKeyFile: String?
    package var tlsCheck: CertificateCheck = .required
    package var tlsChecksHostName = true
    package var usesClusterProtocol = false
    package var fallback: Fallback = .memory

    /// `REDIS_ENABLED`, else whether there is a `REDIS_URL`.
    package var isEnabled: Bool { givenEnabled ?? (url != nil) }

    /// The store of the coordination; what a URL leaves out comes from the single settings.
    package var endpoint: RedisEndpoint { completed(url?.endpoint) }

    /// The store of the media: `MEDIA_REDIS_URL`, else the same.
    package var mediaEndpoint: RedisEndpoint { mediaURL.map { completed($0.endpoint) } ?? endpoint }

    private func completed(_ given: RedisEndpoint?) -> RedisEndpoint {
      var endpoint =
        given
        ?? RedisEndpoint(
          transport: .tcp(RedisEndpoint.Node(host: host, port: port)), usesTLS: usesTLS, database: database)
      if endpoint.password == nil {
        endpoint.password = password
        endpoint.username = endpoint.username ?? username
      }
      return endpoint
    }
  }

  package struct Cluster: Sendable {
    package var workerID: String?
    package var heartbeatInterval: Duration = .zero
    package var leaseRenew: Duration = .zero
    package var leaseGiveUp: Duration = .zero
    package var leaseTimeToLive: Duration = .zero
    package var leaseCheck: Duration = .zero
    /// Sweep of idle clients and registrations.
    package var cleanupInterval: Duration = .zero
  }

  package struct Webhooks: Sendable {
    /// `whsec_` and base64.
    package var secret: String?
    package var queueMaximum = 0
  }

  package struct Broadcasts: Sendable {
    package var directory = ""
    package var recordingDirectory = ""
    package var callbackTimeout: Duration = .zero
    package var maximumStartRetries = 0
    package var startRetryWindow: Duration = .zero
    package var startRetryCooldown: Duration = .zero
    package var startFailureGrace: Duration = .zero
  }
}
