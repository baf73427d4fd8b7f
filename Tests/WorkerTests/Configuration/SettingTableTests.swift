import Testing

@testable import Worker

@Suite struct SettingTableTests {
  /// api.md §5, and the settings that are Millrace's own.
  private static let contract = """
    HOST PORT ROOT_PATH DOCS_URL REDOC_URL OPENAPI_URL LOG_LEVEL APP_DEBUG API_TOKEN URL_SIGNING_KEY REQUIRE_PLAY_TOKEN
    PLAY_TOKEN_TTL SOURCE_ALLOW CALLBACK_ALLOW TRUSTED_PROXIES API_SHOW_SOURCE_URLS CORS_ALLOW_ORIGINS MAX_HEADER_BYTES
    MAX_BODY_BYTES HEADER_TIMEOUT MAX_CONNECTIONS MAX_CONNECTIONS_PER_IP MAX_STREAMS MAX_TRANSCODES REDIS_ENABLED REDIS_HOST
    REDIS_SERVER_PORT REDIS_DB REDIS_PORT REDIS_PASSWORD REDIS_USERNAME REDIS_URL MEDIA_REDIS_URL REDIS_SSL REDIS_CLUSTER
    REDIS_FALLBACK WORKER_ID HEARTBEAT_INTERVAL LEASE_RENEW_MS LEASE_GIVE_UP_MS LEASE_TTL_MS LEASE_CHECK_MS CLEANUP_INTERVAL
    SHUTDOWN_GRACE STREAM_SHARING_STRATEGY ENABLE_TRANSCODING_POOLING ENABLE_REDIS_POOLING MAX_CLIENTS_PER_SHARED_STREAM
    SHARED_STREAM_GRACE SHARED_STREAM_TIMEOUT CLIENT_TIMEOUT STREAM_TIMEOUT CLIENT_WRITE_TIMEOUT LIVE_TV_WRITE_TIMEOUT
    VOD_READ_TIMEOUT VOD_WRITE_TIMEOUT BUFFER_SECONDS BUFFER_BYTES BUFFER_TTL JOIN_BEHIND HLS_SEGMENT_SECONDS HLS_LIST_SIZE
    HLS_WAIT_TIME HLS_PLAYLIST_MAX_BYTES HLS_CACHE_BYTES DEFAULT_USER_AGENT DEFAULT_CONNECTION_TIMEOUT FIRST_BYTE_TIMEOUT
    LIVE_CHUNK_TIMEOUT_SECONDS STREAM_RETRY_ATTEMPTS STREAM_RETRY_DELAY STREAM_RETRY_EXPONENTIAL_BACKOFF STREAM_RETRY_WINDOW
    HOLD_SECONDS STREAM_TOTAL_TIMEOUT MAX_FAILOVER_ATTEMPTS FAILOVER_RESOLVER_TIMEOUT USE_STICKY_SESSION STRICT_LIVE_TS
    STRICT_LIVE_TS_PREBUFFER_SIZE STRICT_LIVE_TS_PREBUFFER_TIMEOUT STRICT_LIVE_TS_CIRCUIT_BREAKER_TIMEOUT
    STRICT_LIVE_TS_CIRCUIT_BREAKER_COOLDOWN ENABLE_BITRATE_MONITORING MIN_BITRATE_THRESHOLD BITRATE_CHECK_INTERVAL
    BITRATE_FAILOVER_THRESHOLD BITRATE_MONITORING_GRACE_PERIOD ENABLE_SILENCE_DETECTION SILENCE_THRESHOLD_DB SILENCE_DURATION
    SILENCE_CHECK_INTERVAL SILENCE_FAILOVER_THRESHOLD SILENCE_MONITORING_GRACE_PERIOD FFMPEG_PATH FFMPEG_MEMORY_MB
    FFMPEG_KILL_GRACE CUSTOM_TEMPLATES FFMPEG_ALLOW_OPTIONS PROFILES_FILE HW_ACCEL_AVAILABLE HW_ACCEL_TYPE HW_ACCEL_DEVICE
    STREAMLINK_ENABLED YTDLP_ENABLED COOKIES_DIR WEBHOOK_SECRET WEBHOOK_QUEUE_MAX HLS_BROADCAST_DIR DVR_RECORDING_DIR
    BROADCAST_CALLBACK_TIMEOUT BROADCAST_MAX_START_RETRIES BROADCAST_START_RETRY_WINDOW BROADCAST_START_RETRY_COOLDOWN
    BROADCAST_START_FAILURE_GRACE LOG_FORMAT LOOPS REDIS_SSL_CA_CERTS REDIS_SSL_CERTFILE REDIS_SSL_KEYFILE
    REDIS_SSL_CERT_REQS REDIS_SSL_CHECK_HOSTNAME
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  @Test func namesAreThoseOfTheContract() {
    #expect(SettingTable.byName.keys.sorted() == SettingTableTests.contract.sorted())
  }

  @Test func noNameIsBothASettingAndWithoutEffect() {
    #expect(SettingTable.byName.keys.filter(NamesWithoutEffect.contains) == [])
  }

  @Test(arguments: SettingTable.all.map(\.name)) func theDefaultIsAllowedAndReadsBack(name: String) throws {
    let setting = try #require(SettingTable.byName[name])
    var configuration = Configuration()
    let shown = setting.show(configuration)
    #expect(setting.assign(&configuration, shown))
    #expect(setting.show(configuration) == shown)
    #expect(!setting.meaning.isEmpty && !setting.allowed.isEmpty && !setting.defaultNote.isEmpty)
    #expect(name == name.uppercased())
  }

  @Test func theDefaultsKeepTheRelations() {
    let configuration = Configuration()
    #expect(Relation.all.filter { !$0.holds(configuration) }.map(\.text) == [])
    #expect(Relation.all.flatMap(\.names).filter { SettingTable.byName[$0] == nil } == [])
  }

  @Test func theDefaultsAreThoseOfTheContract() {
    let configuration = Configuration()
    #expect(configuration.server.port == 8085)
    #expect(configuration.server.rootPath == "/m3u-proxy")
    #expect(configuration.auth.apiToken == nil)
    #expect(configuration.sharing.grace == .seconds(3))
    #expect(configuration.sharing.strategy == .urlAndProfile)
    #expect(configuration.sharing.poolsTranscodes)
    #expect(configuration.buffer.window == .seconds(30))
    #expect(configuration.buffer.bytes == 33_554_432)
    #expect(configuration.hls.segmentDuration == .seconds(2))
    #expect(configuration.source.retryDelay == .seconds(1))
    #expect(configuration.source.userAgent.hasSuffix("Chrome/115.0.0.0 Safari/537.36"))
    #expect(configuration.silence.thresholdDecibels == -50)
    #expect(configuration.cluster.leaseTimeToLive == .milliseconds(3000))
    #expect(!configuration.redis.isEnabled)
    #expect(configuration.refusals == [])
    let trusted = configuration.server.trustedProxies
    for address in ["127.0.0.1", "::1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "fd00::1", "::ffff:10.0.0.1"] {
      #expect(trusted.contains { $0.contains(address) }, "\(address)")
    }
    for address in ["8.8.8.8", "172.32.0.1", "2001:db8::1", ""] {
      #expect(!trusted.contains { $0.contains(address) }, "\(address)")
    }
  }
}
