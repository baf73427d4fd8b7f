internal import HTTP
internal import MediaLog
internal import Transcoding

extension Configuration {
  /// What the streams follow.
  var streamSettings: StreamSettings {
    var settings = StreamSettings()
    settings.supervision.attempts = source.retryAttempts
    settings.supervision.delay = source.retryDelay
    settings.supervision.isExponential = source.retryDelayGrows
    settings.supervision.window = source.retryWindow
    settings.supervision.longestOpening = source.firstByteTimeout
    settings.supervision.stall = source.stallTimeout
    settings.supervision.hold = source.hold
    settings.supervision.total = source.totalTimeout == .zero ? nil : source.totalTimeout
    settings.bitrate = bitrateSettings
    settings.hlsSegmentSeconds = hls.segmentDuration / .seconds(1)
    settings.hlsListSize = hls.listSize
    settings.window = windowLimits
    settings.idleGrace = sharing.grace
    settings.killGrace = ffmpeg.killGrace
    settings.ffmpegMemoryBytes = ffmpeg.memoryMebibytes == 0 ? nil : UInt64(ffmpeg.memoryMebibytes) << 20
    settings.firstByteTimeout = source.firstByteTimeout
    settings.connectTimeout = source.connectTimeout
    settings.clientWriteTimeoutSeconds = max(1, Int(clients.writeTimeout.components.seconds))
    settings.joinBehindSeconds = buffer.joinBehind / .seconds(1)
    settings.maxStreams = limits.streams
    settings.maxTranscodes = limits.transcodes
    return settings
  }

  private var bitrateSettings: BitrateRule.Settings? {
    guard bitrate.isOn else { return nil }
    var settings = BitrateRule.Settings()
    settings.minimumBytesPerSecond = bitrate.minimumBytesPerSecond
    settings.interval = bitrate.checkInterval
    settings.lowChecks = bitrate.failoverThreshold
    settings.grace = bitrate.gracePeriod
    return settings
  }

  /// BUFFER_SECONDS and BUFFER_BYTES; long enough for a playlist and the grace of the segments that leave it.
  var windowLimits: WindowLimits {
    let playlist = hls.segmentDuration / .seconds(1) * Double(hls.listSize)
    let forHLS = 2 * playlist + 2 * (hls.segmentDuration / .seconds(1))
    return WindowLimits(seconds: max(buffer.window / .seconds(1), forHLS), bytes: buffer.bytes)
  }

  var httpServer: HTTPServerConfiguration {
    var configuration = HTTPServerConfiguration(host: server.host, port: Int(server.port))
    configuration.maxHeaderBytes = limits.headerBytes
    configuration.maxBodyBytes = limits.bodyBytes
    configuration.headerTimeout = limits.headerTimeout
    configuration.maxConnections = limits.connections
    configuration.maxConnectionsPerIP = limits.connectionsPerAddress
    return configuration
  }

  var corsPolicy: CORSPolicy {
    let isOpen = server.corsAllowOrigins.isEmpty || server.corsAllowOrigins.contains("*")
    return CORSPolicy(origins: isOpen ? .any : .list(server.corsAllowOrigins))
  }

  /// Of POST /transcode.
  var sharingStrategy: SharingStrategy { sharing.poolsTranscodes ? directStrategy : .disabled }

  /// Of POST /streams.
  var directStrategy: SharingStrategy {
    switch sharing.strategy {
    case .urlAndProfile: return .urlProfile
    case .urlOnly: return .urlOnly
    case .disabled: return .disabled
    }
  }

  var templatePolicy: TemplatePolicy {
    TemplatePolicy(
      allowsTemplates: ffmpeg.templates == .checked,
      additionalOptions: TemplatePolicy.optionNames(ffmpeg.allowedOptions.joined(separator: ",")))
  }

  var hardwareSettings: HardwareProbe.Settings {
    let isAvailable: Bool? =
      switch ffmpeg.hardware {
      case .auto: nil
      case .present: true
      case .absent: false
      }
    return HardwareProbe.Settings(
      isAvailable: isAvailable, kind: ffmpeg.hardwareType.flatMap { HardwareSupport.Kind(rawValue: $0.rawValue) },
      device: ffmpeg.hardwareDevice)
  }

  /// The viewer's address: the first of X-Forwarded-For if the peer may set it, else the peer (api.md §1.5).
  func clientAddress(_ request: HTTPRequest) -> String {
    let peer = request.peer.text
    guard let field = request.headers["X-Forwarded-For"], server.trustedProxies.contains(where: { $0.contains(peer) })
    else { return peer }
    let first = field.prefix { $0 != "," }.filter { $0 != " " }
    return first.isEmpty || first.utf8.count > 64 ? peer : String(first)
  }
}
