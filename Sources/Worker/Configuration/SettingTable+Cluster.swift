internal import Foundation

extension SettingTable {
  static let cluster = [
    Setting(
      "WORKER_ID", default: "", note: "<host name>-<port>", SettingParser<String>.workerID.optional, \.cluster.workerID,
      in: .cluster, "id of this worker, unique in the cluster"),
    Setting(
      "REDIS_ENABLED", default: "", note: "false, true with REDIS_URL", SettingParser<Bool>.boolean.optional,
      \.redis.givenEnabled, in: .cluster, "true: cluster mode; false: one worker in memory"),
    Setting("REDIS_HOST", default: "localhost", .host, \.redis.host, in: .cluster, "Redis server"),
    Setting(
      "REDIS_SERVER_PORT", aliases: ["REDIS_PORT"], default: "6379", .redisPort, \.redis.port, in: .cluster,
      "its port; tcp://… as Kubernetes sets it is understood"),
    Setting("REDIS_DB", default: "0", .integer(0...65535), \.redis.database, in: .cluster, "its database"),
    Setting(
      "REDIS_USERNAME", default: "", note: "none", SettingParser<String>.text().optional, \.redis.username,
      in: .cluster,
      "user name"),
    Setting(
      "REDIS_PASSWORD", default: "", note: "none", SettingParser<String>.text().optional, \.redis.password,
      masking: .whole,
      in: .cluster, "password"),
    Setting(
      "REDIS_URL", default: "", note: "none", SettingParser<RedisURL>.redisURL.optional, \.redis.url,
      masking: .urlSecrets,
      in: .cluster, "all of these at once; overrides them"),
    Setting(
      "MEDIA_REDIS_URL", default: "", note: "as REDIS_URL", SettingParser<RedisURL>.redisURL.optional, \.redis.mediaURL,
      masking: .urlSecrets, in: .cluster, "another Redis for the media"),
    Setting("REDIS_SSL", default: "false", .boolean, \.redis.usesTLS, in: .cluster, "TLS to Redis"),
    Setting(
      "REDIS_SSL_CA_CERTS", default: "", note: "the system's", SettingParser<String>.text().optional,
      \.redis.tlsAuthoritiesFile, in: .cluster, "file of authorities"),
    Setting(
      "REDIS_SSL_CERTFILE", default: "", note: "none", SettingParser<String>.text().optional,
      \.redis.tlsCertificateFile,
      in: .cluster, "file of this worker's certificate"),
    Setting(
      "REDIS_SSL_KEYFILE", default: "", note: "none", SettingParser<String>.text().optional, \.redis.tlsKeyFile,
      in: .cluster, "file of its key"),
    Setting(
      "REDIS_SSL_CERT_REQS", default: "required", .choice, \.redis.tlsCheck, in: .cluster,
      "whether the server's certificate is checked"),
    Setting(
      "REDIS_SSL_CHECK_HOSTNAME", default: "true", .boolean, \.redis.tlsChecksHostName, in: .cluster,
      "whether the certificate must be of the host"),
    Setting(
      "REDIS_CLUSTER", default: "false", .boolean, \.redis.usesClusterProtocol, in: .cluster,
      "the server is a Redis Cluster"),
    Setting(
      "REDIS_FALLBACK", default: "memory", .choice, \.redis.fallback, in: .cluster,
      "Redis is away: memory = serve alone, degraded; refuse = 503"),
    Setting(
      "HEARTBEAT_INTERVAL", default: "1", .seconds(0.1...3600), \.cluster.heartbeatInterval, in: .cluster,
      "refresh of this worker's entry; takeovers do not depend on it"),
    Setting(
      "LEASE_RENEW_MS", default: "1000", .milliseconds(50...60000), \.cluster.leaseRenew, in: .cluster,
      "renewal of the lease"),
    Setting(
      "LEASE_GIVE_UP_MS", default: "2000", .milliseconds(50...300_000), \.cluster.leaseGiveUp, in: .cluster,
      "an owner without a renewal for so long stops publishing"),
    Setting(
      "LEASE_TTL_MS", default: "3000", .milliseconds(50...600_000), \.cluster.leaseTimeToLive, in: .cluster,
      "a worker without a renewal for so long is dead"),
    Setting(
      "LEASE_CHECK_MS", default: "500", .milliseconds(10...60000), \.cluster.leaseCheck, in: .cluster,
      "how often each worker looks for lapsed leases"),
  ]

  static let later = [
    Setting(
      "STREAMLINK_ENABLED", default: "true", .boolean, \.resolvers.allowsStreamlink, in: .later,
      "the streamlink resolver"),
    Setting("YTDLP_ENABLED", default: "true", .boolean, \.resolvers.allowsYTDLP, in: .later, "the yt-dlp resolver"),
    Setting(
      "COOKIES_DIR", default: "", note: "none", SettingParser<String>.text().optional, \.resolvers.cookiesDirectory,
      in: .later, "folder below which cookies_path may lie"),
    Setting(
      "WEBHOOK_SECRET", default: "", note: "none", SettingParser<String>.webhookSecret.optional, \.webhooks.secret,
      masking: .whole, in: .later, "signs the events of hooks without a secret of their own"),
    Setting(
      "WEBHOOK_QUEUE_MAX", default: "1000", .integer(1...1_000_000), \.webhooks.queueMaximum, in: .later,
      "events that wait for one hook"),
    Setting(
      "HLS_BROADCAST_DIR", default: "/var/lib/millrace/broadcasts", .text(), \.broadcasts.directory, in: .later,
      "folder of broadcasts"),
    Setting(
      "DVR_RECORDING_DIR", default: "/var/lib/millrace/dvr", .text(), \.broadcasts.recordingDirectory, in: .later,
      "folder of recordings"),
    Setting(
      "BROADCAST_CALLBACK_TIMEOUT", default: "3", .seconds(0.1...300), \.broadcasts.callbackTimeout, in: .later,
      "wait for a callback's answer"),
    Setting(
      "BROADCAST_MAX_START_RETRIES", default: "3", .integer(0...1000), \.broadcasts.maximumStartRetries, in: .later,
      "starts within the window"),
    Setting(
      "BROADCAST_START_RETRY_WINDOW", default: "300", .seconds(1...86400), \.broadcasts.startRetryWindow, in: .later,
      "the window"),
    Setting(
      "BROADCAST_START_RETRY_COOLDOWN", default: "15", .seconds(0...86400), \.broadcasts.startRetryCooldown, in: .later,
      "pause after too many starts"),
    Setting(
      "BROADCAST_START_FAILURE_GRACE", default: "3", .seconds(0...300), \.broadcasts.startFailureGrace, in: .later,
      "an exit within this is a failed start"),
  ]
}

extension SettingParser where Value == String {
  /// Ends up in Redis keys and log lines.
  static var workerID: SettingParser {
    .text("1 to 128 characters of A-Z a-z 0-9 . _ : @ -") { text in
      text.utf8.count <= 128
        && text.utf8.allSatisfy { byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
          default: ".-_:@".utf8.contains(byte)
          }
        }
    }
  }

  /// Standard Webhooks 1.0.
  static var webhookSecret: SettingParser {
    .text("whsec_ and the base64 text of 24 to 64 bytes") { text in
      guard text.hasPrefix("whsec_"), let key = Data(base64Encoded: String(text.dropFirst(6))) else { return false }
      return (24...64).contains(key.count)
    }
  }
}

extension SettingParser where Value == UInt16 {
  /// A port, or `tcp://host:port`, whose port is taken.
  static var redisPort: SettingParser {
    let port = integer(1...65535)
    return SettingParser(
      allowed: port.allowed + ", or tcp://host:port",
      parse: { text in
        guard text.hasPrefix("tcp://") else { return port.parse(text) }
        return text.lastIndex(of: ":").flatMap { port.parse(String(text[text.index(after: $0)...])) }
      }, show: { String($0) })
  }
}

extension SettingParser where Value == RedisURL {
  static var redisURL: SettingParser {
    SettingParser(
      allowed: "a URL of the form redis://[user:password@]host[:port][/database], or with rediss://, unix:///path, "
        + "redis+sentinel://host,host/master",
      parse: { RedisURL($0) }, show: \.text)
  }
}
