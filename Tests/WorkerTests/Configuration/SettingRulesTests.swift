import Testing

@testable import Worker

/// What each kind of setting takes, and as what it is kept.
@Suite struct SettingRulesTests {
  @Test(arguments: [
    ("PORT", "0", "0"), ("PORT", "65535", "65535"), ("LOG_LEVEL", "WARN", "warning"),
    ("LOG_LEVEL", "CRITICAL", "error"),
    ("LOG_FORMAT", "JSON", "json"), ("ROOT_PATH", "proxy/", "/proxy"), ("ROOT_PATH", "//a/b//", "/a/b"),
    ("ROOT_PATH", "/", ""), ("ROOT_PATH", "", ""), ("DOCS_URL", "docs", "/docs"), ("HOST", "[::1]", "::1"),
    ("STREAM_RETRY_DELAY", "0.25", "0.25"), ("STREAM_RETRY_DELAY", "1.0", "1"), ("STREAM_RETRY_DELAY", ".5", "0.5"),
    ("BUFFER_SECONDS", "45", "45"), ("LEASE_RENEW_MS", "250", "250"), ("SILENCE_THRESHOLD_DB", "-42.5", "-42.5"),
    ("STRICT_LIVE_TS", "Yes", "true"), ("STRICT_LIVE_TS", "F", "false"), ("HW_ACCEL_AVAILABLE", "TRUE", "true"),
    (
      "SOURCE_ALLOW", "localhost, 127.0.0.0/8 ,tuner:8080,[::1]:90,::1,",
      "localhost,127.0.0.0/8,tuner:8080,[::1]:90,::1"
    ),
    ("TRUSTED_PROXIES", "10.0.0.1", "10.0.0.1"), ("TRUSTED_PROXIES", "", ""),
    ("CORS_ALLOW_ORIGINS", "https://a.example,http://b:8080", "https://a.example,http://b:8080"),
    ("REDIS_PORT", "tcp://10.96.0.1:6380", "6380"), ("FFMPEG_ALLOW_OPTIONS", "tune,-x264-params", "-tune,-x264-params"),
    ("WORKER_ID", "host-1.example:8085", "host-1.example:8085"),
    (
      "WEBHOOK_SECRET", "whsec_bWlsbHJhY2UtdGVzdC1zZWNyZXQtMDEyMzQ1Njc4OQ==",
      "whsec_bWlsbHJhY2UtdGVzdC1zZWNyZXQtMDEyMzQ1Njc4OQ=="
    ),
    ("MAX_BODY_BYTES", "2097152", "2097152"), ("STREAM_SHARING_STRATEGY", "url_only", "url_only"),
  ]) func takes(name: String, text: String, kept: String) throws {
    var configuration = Configuration()
    let setting = try #require(SettingTable.byName[name])
    #expect(setting.assign(&configuration, text))
    #expect(setting.show(configuration) == kept)
  }

  @Test(arguments: [
    ("PORT", "65536"), ("PORT", "-1"), ("PORT", "80 85"), ("PORT", ""), ("PORT", "+80"), ("PORT", "8085.0"),
    ("PORT", "٣"),
    ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"), ("ROOT_PATH", "/a/../b"), ("ROOT_PATH", "/a//b"),
    ("ROOT_PATH", "/a?b"),
    ("ROOT_PATH", "/a b"), ("DOCS_URL", "/"), ("HOST", "a b"), ("HOST", "a/b"), ("STREAM_RETRY_DELAY", "1s"),
    ("STREAM_RETRY_DELAY", "-1"), ("STREAM_RETRY_DELAY", "1e3"), ("STREAM_RETRY_DELAY", "nan"),
    ("STREAM_RETRY_DELAY", "."),
    ("STREAM_RETRY_DELAY", "1.2.3"), ("STREAM_RETRY_DELAY", "301"), ("STREAM_RETRY_DELAY", "99999999999999999999"),
    ("LEASE_RENEW_MS", "0.5"), ("LEASE_RENEW_MS", "0"), ("SILENCE_THRESHOLD_DB", "3"), ("SILENCE_THRESHOLD_DB", "inf"),
    ("STRICT_LIVE_TS", "maybe"), ("SOURCE_ALLOW", "10.0.0.0/33"), ("SOURCE_ALLOW", "host:0"),
    ("SOURCE_ALLOW", "http://x"),
    ("SOURCE_ALLOW", "a b"), ("TRUSTED_PROXIES", "proxy.example"), ("CORS_ALLOW_ORIGINS", "https://a.example/"),
    ("CORS_ALLOW_ORIGINS", "a.example"), ("REDIS_PORT", "tcp://10.96.0.1"), ("REDIS_PORT", "0"),
    ("REDIS_FALLBACK", "panic"),
    ("FFMPEG_ALLOW_OPTIONS", "-f lavfi"), ("WORKER_ID", "a b"), ("WORKER_ID", String(repeating: "x", count: 129)),
    ("WEBHOOK_SECRET", "secret"), ("WEBHOOK_SECRET", "whsec_c2hvcnQ="), ("API_TOKEN", "a\u{7}b"),
    ("MAX_BODY_BYTES", "1M"),
    ("DEFAULT_USER_AGENT", "a\r\nX: y"), ("HW_ACCEL_TYPE", "quantum"), ("REDIS_URL", "http://h"),
    ("HLS_LIST_SIZE", "2"),
  ]) func refuses(name: String, text: String) throws {
    var configuration = Configuration()
    let setting = try #require(SettingTable.byName[name])
    let before = setting.show(configuration)
    #expect(!setting.assign(&configuration, text))
    #expect(setting.show(configuration) == before)
  }

  @Test(arguments: ["1", "true", "T", "yes", "y", "ON"], ["0", "False", "f", "no", "N", "off"])
  func booleansAreThoseOfTheAPI(yes: String, no: String) {
    #expect(SettingParser<Bool>.boolean.parse(yes) == true)
    #expect(SettingParser<Bool>.boolean.parse(no) == false)
  }
}

@Suite struct RedisURLTests {
  private func tcp(_ host: String, _ port: UInt16) -> RedisEndpoint.Transport {
    .tcp(RedisEndpoint.Node(host: host, port: port))
  }

  @Test func theFormsAreUnderstood() throws {
    let plain = try #require(RedisURL("redis://cache")).endpoint
    #expect(plain == RedisEndpoint(transport: tcp("cache", 6379)))
    let full = try #require(RedisURL("rediss://us%40er:p%3Aw:x@[2001:db8::1]:7000/3")).endpoint
    #expect(
      full
        == RedisEndpoint(
          transport: tcp("2001:db8::1", 7000), usesTLS: true, username: "us@er", password: "p:w:x", database: 3))
    let alone = try #require(RedisURL("redis://:secret@h:1")).endpoint
    #expect(alone == RedisEndpoint(transport: tcp("h", 1), password: "secret"))
    let socket = try #require(RedisURL("unix:///run/redis.sock?db=2")).endpoint
    #expect(socket == RedisEndpoint(transport: .unixSocket(path: "/run/redis.sock"), database: 2))
    let sentinel = try #require(RedisURL("redis+sentinel://:pw@a,b:26380/main/1")).endpoint
    let nodes = [RedisEndpoint.Node(host: "a", port: 26379), RedisEndpoint.Node(host: "b", port: 26380)]
    #expect(
      sentinel == RedisEndpoint(transport: .sentinel(nodes, master: "main"), password: "pw", database: 1))
  }

  @Test(arguments: [
    "", "cache", "http://h", "redis://", "redis://h:0", "redis://h:x", "redis://h/x", "redis://h/0/1", "redis://h?db=1",
    "redis://%zz@h", "unix://h/path", "unix:///", "redis+sentinel://a", "redis+sentinel:///m", "redis://a b",
    "redis://::1",
  ]) func anythingElseIsRefused(text: String) { #expect(RedisURL(text) == nil) }

  @Test func whatTheURLLeavesOutComesFromTheParts() throws {
    let given = [
      GivenSetting(name: "REDIS_URL", value: "redis://h/2", origin: .environment),
      GivenSetting(name: "REDIS_PASSWORD", value: "pw", origin: .environment),
      GivenSetting(name: "REDIS_HOST", value: "other", origin: .environment),
    ]
    var resolver = ConfigurationResolver()
    resolver.environment = given
    let redis = try resolver.resolve().configuration.redis
    #expect(redis.isEnabled)
    #expect(redis.endpoint == RedisEndpoint(transport: tcp("h", 6379), password: "pw", database: 2))
    #expect(redis.mediaEndpoint == redis.endpoint)
  }
}

@Suite struct AddressBlockTests {
  @Test(arguments: [
    ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.0", false), ("192.0.2.128/25", "192.0.2.127", false),
    ("192.0.2.128/25", "192.0.2.128", true), ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false),
    ("fc00::/7", "fdff::1", true), ("fc00::/7", "fe00::1", false), ("::1", "::1", true),
    ("127.0.0.1", "::ffff:127.0.0.1", true),
    ("10.0.0.0/8", "ten", false),
  ]) func holds(block: String, address: String, expected: Bool) throws {
    #expect(try #require(AddressBlock(block)).contains(address) == expected)
  }

  @Test(arguments: ["", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "::/129", "10.0.0/8", "host", "1.2.3.4/8/8"])
  func refuses(text: String) { #expect(AddressBlock(text) == nil) }
}
