internal import Observability

/// Every setting, in the order in which people read them. The one place of names, defaults, rules and meanings.
enum SettingTable {
  static let all: [Setting] =
    server + logging + access + limits + clients + sharing + buffer + source + monitoring + ffmpeg + cluster + later
    + recorder + frameIntake + frameStorage + watermark

  /// Settings by name and alias, in upper case.
  static let byName: [String: Setting] = Dictionary(
    uniqueKeysWithValues: all.flatMap { setting in ([setting.name] + setting.aliases).map { ($0, setting) } })

  private static let server = [
    Setting("HOST", default: "0.0.0.0", .host, \.server.host, in: .server, "address to listen at"),
    Setting(
      "PORT", default: "8085", .integer(0...65535, zeroMeans: "any free port"), \.server.port, in: .server,
      "TCP port to listen at"),
    Setting(
      "ROOT_PATH", default: "/m3u-proxy", .path(canBeEmpty: true), \.server.rootPath, takesEmpty: true, in: .server,
      "every route answers with and without this prefix; URIs in playlists begin with it"),
    Setting("DOCS_URL", default: "/docs", .path(), \.server.docsPath, in: .server, "path of the API's documentation"),
    Setting("REDOC_URL", default: "/redoc", .path(), \.server.redocPath, in: .server, "path of the same, second name"),
    Setting(
      "OPENAPI_URL", default: "/openapi.json", .path(), \.server.openAPIPath, in: .server,
      "path of the OpenAPI document"),
    Setting(
      "LOOPS", default: "0", .integer(0...256, zeroMeans: "one per core"), \.server.loops, in: .server,
      "event loops that serve connections"),
    Setting(
      "TRUSTED_PROXIES", default: "127.0.0.0/8,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16,fc00::/7",
      SettingParser<AddressBlock>.addressBlock.list("peers"), \.server.trustedProxies, takesEmpty: true, in: .server,
      "peers whose X-Forwarded-For is believed; empty: nobody's"),
    Setting(
      "CORS_ALLOW_ORIGINS", default: "*", SettingParser<String>.origin.list("origins"), \.server.corsAllowOrigins,
      in: .server, "origins whose pages may read answers"),
    Setting(
      "SHUTDOWN_GRACE", default: "8", .seconds(0...3600), \.server.shutdownGrace, in: .server,
      "after SIGTERM: streams are handed over, connections closed, and the process ends before this"),
  ]

  private static let logging = [
    Setting(
      "LOG_LEVEL", default: "info", .logLevel, \.log.level, in: .logging, "lines of this level and above are written"),
    Setting(
      "LOG_FORMAT", default: "text", .choice, \.log.format, in: .logging,
      "aligned text for people, or one JSON object a line"),
    Setting(
      "APP_DEBUG", default: "false", .boolean, \.log.isAppDebug, in: .logging,
      "true: LOG_LEVEL is debug where it is not given"
    ),
  ]

  private static let access = [
    Setting(
      "API_TOKEN", default: "", note: "none: no authentication", SettingParser<String>.text().optional, \.auth.apiToken,
      masking: .whole, in: .access, "token that the API's routes ask for"),
    Setting(
      "URL_SIGNING_KEY", default: "", note: "made of API_TOKEN, else random", SettingParser<String>.text().optional,
      \.auth.urlSigningKey, masking: .whole, in: .access, "key of the signatures in playlists and play URLs"),
    Setting(
      "REQUIRE_PLAY_TOKEN", default: "false", .boolean, \.auth.requiresPlayToken, in: .access,
      "play URLs need a signature that expires"),
    Setting(
      "PLAY_TOKEN_TTL", default: "86400", .seconds(60...315_360_000), \.auth.playTokenLifetime, in: .access,
      "longest and usual life of a play token"),
    Setting(
      "API_SHOW_SOURCE_URLS", default: "false", .boolean, \.auth.showsSourceURLs, in: .access,
      "answers show source URLs unmasked; only with API_TOKEN"),
    Setting(
      "SOURCE_ALLOW", default: "", note: "none", SettingParser<String>.allowedTarget.list("targets"), \.source.allow,
      in: .access, "loopback, link-local and other refused addresses that sources may have"),
    Setting(
      "CALLBACK_ALLOW", default: "", note: "as SOURCE_ALLOW",
      SettingParser<String>.allowedTarget.list("targets").optional, \.source.givenCallbackAllow, in: .access,
      "the same for resolvers, webhooks, callbacks and test connections"),
  ]

  private static let limits = [
    Setting(
      "MAX_HEADER_BYTES", default: "32768", .integer(1024...1_048_576), \.limits.headerBytes, in: .limits,
      "request line and headers; more: 431"),
    Setting(
      "MAX_BODY_BYTES", default: "1048576", .integer(1024...1_073_741_824), \.limits.bodyBytes, in: .limits,
      "request body; more: 413"),
    Setting(
      "HEADER_TIMEOUT", default: "10", .seconds(0.1...3600), \.limits.headerTimeout, in: .limits,
      "the whole head of a request must be there by then"),
    Setting(
      "MAX_CONNECTIONS", default: "0", .limit, \.limits.connections, in: .limits, "connections of a worker; more: 503"),
    Setting(
      "MAX_CONNECTIONS_PER_IP", default: "0", .limit, \.limits.connectionsPerAddress, in: .limits,
      "connections of one address; more: 503"),
    Setting(
      "MAX_STREAMS", default: "0", .limit, \.limits.streams, in: .limits, "streams that run on a worker; more: 503"),
    Setting(
      "MAX_TRANSCODES", default: "0", .limit, \.limits.transcodes, in: .limits,
      "transcodes that run on a worker; more: 503"),
    Setting(
      "MAX_CLIENTS_PER_SHARED_STREAM", default: "0", .limit, \.limits.clientsPerStream, in: .limits,
      "clients of one stream; more: 503"),
  ]

  private static let clients = [
    Setting(
      "CLIENT_TIMEOUT", default: "10", .seconds(1...86400), \.clients.hlsTimeout, in: .clients,
      "an HLS client without request is gone; at least 3 target durations"),
    Setting(
      "STREAM_TIMEOUT", default: "60", .seconds(1...31_536_000), \.clients.streamTimeout, in: .clients,
      "a registered id without access is forgotten"),
    Setting(
      "CLIENT_WRITE_TIMEOUT", aliases: ["LIVE_TV_WRITE_TIMEOUT"], default: "60", .seconds(0.1...86400),
      \.clients.writeTimeout, in: .clients, "a live client whose socket takes nothing is dropped"),
    Setting(
      "VOD_WRITE_TIMEOUT", default: "3600", .seconds(0.1...604_800), \.clients.vodWriteTimeout, in: .clients,
      "how long a viewer of a film may pause"),
    Setting(
      "CLEANUP_INTERVAL", default: "5", .seconds(0.1...3600), \.cluster.cleanupInterval, in: .clients,
      "sweep of idle clients and registrations"),
  ]

  private static let sharing = [
    Setting(
      "STREAM_SHARING_STRATEGY", default: "url_profile", .choice, \.sharing.strategy, in: .sharing,
      "what two requests must have in common to share one stream"),
    Setting(
      "ENABLE_TRANSCODING_POOLING", aliases: ["ENABLE_REDIS_POOLING"], default: "true", .boolean,
      \.sharing.poolsTranscodes,
      in: .sharing, "false: each POST of a transcode makes its own stream"),
    Setting(
      "SHARED_STREAM_GRACE", default: "3", .seconds(0...86400), \.sharing.configuredGrace, in: .sharing,
      "source and FFmpeg stop this long after the last client has left"),
    Setting(
      "SHARED_STREAM_TIMEOUT", default: "", note: "not set", SettingParser<Duration>.seconds(0...86400).optional,
      \.sharing.timeout, in: .sharing, "used in place of SHARED_STREAM_GRACE when set"),
  ]

  private static let buffer = [
    Setting(
      "BUFFER_SECONDS", default: "30", .seconds(2...3600), \.buffer.window, in: .buffer,
      "window of a stream's log, in time"),
    Setting(
      "BUFFER_BYTES", default: "33554432", .integer(1_048_576...4_294_967_296), \.buffer.bytes, in: .buffer,
      "window of a stream's log, in bytes"),
    Setting(
      "BUFFER_TTL", default: "300", .seconds(2...86400), \.buffer.timeToLive, in: .buffer, "life of chunks in Redis"),
    Setting(
      "JOIN_BEHIND", default: "0", .seconds(0...3600), \.buffer.joinBehind, in: .buffer,
      "how far behind live a TS client joins"),
    Setting(
      "HLS_SEGMENT_SECONDS", default: "2", .seconds(0.5...60), \.hls.segmentDuration, in: .buffer,
      "shortest segment cut from the log; it ends at the next key frame"),
    Setting("HLS_LIST_SIZE", default: "10", .integer(3...1000), \.hls.listSize, in: .buffer, "segments in a playlist"),
    Setting(
      "HLS_WAIT_TIME", default: "10", .seconds(0...300), \.hls.waitTime, in: .buffer,
      "how long a playlist waits for its first segment"),
    Setting(
      "HLS_PLAYLIST_MAX_BYTES", default: "4194304", .integer(1024...268_435_456), \.hls.playlistMaximumBytes,
      in: .buffer,
      "largest playlist that is taken from a source"),
    Setting(
      "HLS_CACHE_BYTES", default: "67108864", .integer(0...68_719_476_736), \.hls.cacheBytes, in: .buffer,
      "proxied segments and playlists that a worker keeps"),
  ]
}

extension SettingParser where Value == Int {
  /// A number where 0 switches the limit off.
  static var limit: SettingParser { .integer(0...10_000_000, zeroMeans: "no limit") }
}

extension SettingParser where Value == String {
  /// `*` or an origin as browsers send it (RFC 6454 §6.2).
  static var origin: SettingParser {
    .text("* or an origin such as https://tv.example") { text in
      guard text != "*" else { return true }
      guard let separator = text.firstRange(of: "://") else { return false }
      let host = text[separator.upperBound...]
      return ["http", "https"].contains(text[..<separator.lowerBound]) && !host.isEmpty
        && !host.contains { "/?#@ ".contains($0) }
    }
  }
}

extension SettingParser where Value == LogLevel {
  /// The levels, and what other programs call them.
  static var logLevel: SettingParser {
    SettingParser(
      allowed: oneOf(LogLevel.allCases.map(\.name)),
      parse: { text in
        switch text.lowercased() {
        case "warn": .warning
        case "critical", "fatal", "emergency", "alert": .error
        case "notice": .info
        case let name: LogLevel.allCases.first { $0.name == name }
        }
      }, show: \.name)
  }
}
