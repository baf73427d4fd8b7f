extension SettingTable {
  static let source = [
    Setting(
      "DEFAULT_USER_AGENT",
      default:
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/115.0.0.0 Safari/537.36",
      .text(), \.source.userAgent, in: .source, "user agent towards sources where the request names none"),
    Setting(
      "DEFAULT_CONNECTION_TIMEOUT", default: "5", .seconds(0.1...300), \.source.connectTimeout, in: .source,
      "connecting to a source"),
    Setting(
      "FIRST_BYTE_TIMEOUT", default: "20", .seconds(0.1...600), \.source.firstByteTimeout, in: .source,
      "a client's whole wait for media before it gets an error status"),
    Setting(
      "LIVE_CHUNK_TIMEOUT_SECONDS", default: "4", .seconds(0.1...600), \.source.stallTimeout, in: .source,
      "silence of a live source that counts as a stall; HLS sources: 3 target durations"),
    Setting(
      "VOD_READ_TIMEOUT", default: "30", .seconds(0.1...86400), \.source.vodReadTimeout, in: .source,
      "silence of a film's source before it is resumed"),
    Setting(
      "STREAM_RETRY_ATTEMPTS", default: "3", .integer(0...1000), \.source.retryAttempts, in: .source,
      "tries of the same URL before the next one"),
    Setting(
      "STREAM_RETRY_DELAY", default: "1.0", .seconds(0...300), \.source.retryDelay, in: .source, "pause before a retry"),
    Setting(
      "STREAM_RETRY_EXPONENTIAL_BACKOFF", default: "false", .boolean, \.source.retryDelayGrows, in: .source,
      "each pause 1.5 times the one before"),
    Setting(
      "STREAM_RETRY_WINDOW", default: "8", .seconds(0.1...600), \.source.retryWindow, in: .source,
      "no media from one URL for so long: the next URL, whatever tries are left"),
    Setting(
      "HOLD_SECONDS", default: "10", .seconds(0...3600), \.source.hold, in: .source,
      "pause, clients held, before the list of URLs is gone through again"),
    Setting(
      "STREAM_TOTAL_TIMEOUT", default: "60", .seconds(0...86400, zeroMeans: "never"), \.source.totalTimeout,
      in: .source,
      "no media from any URL for so long: the stream fails; viewers at other workers wait as long for a Redis that is away"
    ),
    Setting(
      "MAX_FAILOVER_ATTEMPTS", default: "0", .integer(0...100_000, zeroMeans: "each URL of the list in each round"),
      \.source.maximumFailovers, in: .source, "failovers of one outage"),
    Setting(
      "FAILOVER_RESOLVER_TIMEOUT", default: "4", .seconds(0.1...60), \.source.resolverTimeout, in: .source,
      "wait for a failover resolver's answer"),
    Setting(
      "USE_STICKY_SESSION", default: "false", .boolean, \.source.usesStickySession, in: .source,
      "HLS: stay on the host that a redirect led to until it fails"),
  ]

  static let monitoring = [
    Setting(
      "STRICT_LIVE_TS", default: "false", .boolean, \.strictLive.isOn, in: .monitoring,
      "live sources: prebuffer, early stall detection, bad URLs skipped for a while"),
    Setting(
      "STRICT_LIVE_TS_PREBUFFER_SIZE", default: "262144", .integer(0...1_073_741_824), \.strictLive.prebufferBytes,
      in: .monitoring, "bytes in the log before a client gets its first"),
    Setting(
      "STRICT_LIVE_TS_PREBUFFER_TIMEOUT", default: "10", .seconds(0...300), \.strictLive.prebufferTimeout,
      in: .monitoring,
      "longest wait for the prebuffer"),
    Setting(
      "STRICT_LIVE_TS_CIRCUIT_BREAKER_TIMEOUT", default: "2", .seconds(0.1...600), \.strictLive.stallTimeout,
      in: .monitoring, "silence that counts as a stall"),
    Setting(
      "STRICT_LIVE_TS_CIRCUIT_BREAKER_COOLDOWN", default: "60", .seconds(0...86400), \.strictLive.cooldown,
      in: .monitoring,
      "a bad URL is skipped for so long"),
    Setting(
      "ENABLE_BITRATE_MONITORING", default: "false", .boolean, \.bitrate.isOn, in: .monitoring,
      "a live source that is too slow is opened again"),
    Setting(
      "MIN_BITRATE_THRESHOLD", default: "62500", .integer(0...1_000_000_000), \.bitrate.minimumBytesPerSecond,
      in: .monitoring,
      "bytes per second below which a check is low; of a transcode, media at less than half of its pace"),
    Setting(
      "BITRATE_CHECK_INTERVAL", default: "5", .seconds(0.1...3600), \.bitrate.checkInterval, in: .monitoring,
      "length of a check; HLS sources: 18 at least"),
    Setting(
      "BITRATE_FAILOVER_THRESHOLD", default: "3", .integer(1...1000), \.bitrate.failoverThreshold, in: .monitoring,
      "low checks in a row that make a source too slow"),
    Setting(
      "BITRATE_MONITORING_GRACE_PERIOD", default: "10", .seconds(0...3600), \.bitrate.gracePeriod, in: .monitoring,
      "no check so long after the opening of a source"),
    Setting(
      "ENABLE_SILENCE_DETECTION", default: "false", .boolean, \.silence.isOn, in: .monitoring,
      "failover when the sound has gone"),
    Setting(
      "SILENCE_THRESHOLD_DB", default: "-50", .number(-200...0), \.silence.thresholdDecibels, in: .monitoring,
      "decibels below which it is silent"),
    Setting(
      "SILENCE_DURATION", default: "3", .seconds(0.1...3600), \.silence.duration, in: .monitoring,
      "silence that counts, in seconds"),
    Setting(
      "SILENCE_CHECK_INTERVAL", default: "10", .seconds(0.1...3600), \.silence.checkInterval, in: .monitoring,
      "length of a window; it counts when it ends silent"),
    Setting(
      "SILENCE_FAILOVER_THRESHOLD", default: "3", .integer(1...1000), \.silence.failoverThreshold, in: .monitoring,
      "silent windows in a row that make a failover"),
    Setting(
      "SILENCE_MONITORING_GRACE_PERIOD", default: "15", .seconds(0...3600), \.silence.gracePeriod, in: .monitoring,
      "no window so long after a start or switch"),
  ]

  static let ffmpeg = [
    Setting("FFMPEG_PATH", default: "ffmpeg", .text(), \.ffmpeg.path, in: .ffmpeg, "the program, by name or path"),
    Setting(
      "FFMPEG_MEMORY_MB", default: "0", .integer(0...1_048_576, zeroMeans: "no limit"), \.ffmpeg.memoryMebibytes,
      in: .ffmpeg, "memory of one FFmpeg, in MiB"),
    Setting(
      "FFMPEG_KILL_GRACE", default: "5", .seconds(0...300), \.ffmpeg.killGrace, in: .ffmpeg, "from SIGTERM to SIGKILL"),
    Setting(
      "CUSTOM_TEMPLATES", default: "checked", .choice, \.ffmpeg.templates, in: .ffmpeg,
      "templates of clients: checked argument by argument, or off"),
    Setting(
      "FFMPEG_ALLOW_OPTIONS", default: "", note: "none", SettingParser<String>.option.list("options"),
      \.ffmpeg.allowedOptions, in: .ffmpeg, "options that templates may use besides the built-in list; at your own risk"
    ),
    Setting(
      "PROFILES_FILE", default: "", note: "config/profiles.yaml or .json, if there",
      SettingParser<String>.text().optional,
      \.ffmpeg.profilesFile, in: .ffmpeg, "the operator's own profiles"),
    Setting(
      "HW_ACCEL_AVAILABLE", default: "auto", .choice, \.ffmpeg.hardware, in: .ffmpeg,
      "whether to use hardware encoders; auto: if they work"),
    Setting(
      "HW_ACCEL_TYPE", default: "", note: "as found", SettingParser<Configuration.FFmpeg.HardwareType>.choice.optional,
      \.ffmpeg.hardwareType, in: .ffmpeg, "kind of hardware"),
    Setting(
      "HW_ACCEL_DEVICE", default: "", note: "as found", SettingParser<String>.text().optional, \.ffmpeg.hardwareDevice,
      in: .ffmpeg, "its device"),
  ]
}

extension SettingParser where Value == String {
  /// The name of an FFmpeg option, kept with its dash.
  static var option: SettingParser {
    SettingParser(
      allowed: "the name of an FFmpeg option such as -tune",
      parse: { text in
        let name = text.hasPrefix("-") ? text.dropFirst() : text[...]
        let isName = name.utf8.allSatisfy { byte in
          switch byte {
          case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: ":"): true
          default: false
          }
        }
        return isName && !name.isEmpty ? "-" + name : nil
      }, show: { $0 })
  }
}
