internal import ChildProcess
internal import Cluster
internal import EventLoop
internal import HTTP

/// Which source a stream's bytes come from, as its registration says and as the source turns out to be.
///
/// ```
///   transcoded ───────────────────────────────────────▶ FFmpeg (profile)
///   direct, http(s) ──▶ upstream ──#EXTM3U──▶ FFmpeg (copy)
///   direct, others ───────────────────────────────────▶ FFmpeg (copy)
/// ```
struct SourcePlanner {
  private enum Plan {
    case upstream(UpstreamRequest)
    case copy(FFmpegInput)
    case transcode(RenderedProfile, FFmpegInput)
    /// The registration makes no sense here; every opening fails with this.
    case impossible(SourceFailure)
  }

  private var plan: Plan
  private let services: StreamServices
  private let url: SourceURL?
  private let userAgent: String
  private let headers: SourceHeaders

  init(registration: StreamRegistration, services: StreamServices) {
    self.services = services
    userAgent = registration.userAgent
    url = try? SourceURL(registration.sourceURL)
    headers = (try? SourceHeaders(texts: registration.headers)) ?? .none
    guard let url else {
      plan = .impossible(.connectFailed("not a source URL"))
      return
    }
    let input = FFmpegInput(url: url, userAgent: userAgent, headers: headers)
    switch registration.kind {
    case .direct:
      plan = url.scheme.isHTTP ? .upstream(Self.request(url, userAgent, headers, services.settings)) : .copy(input)
    case .transcoded(let transcode):
      do {
        plan = .transcode(try services.catalog.restore(transcode, url: url), input)
      } catch {
        plan = .impossible(.ffmpegMissing(error.detail))
      }
    }
  }

  private static func request(
    _ url: SourceURL, _ userAgent: String, _ headers: SourceHeaders, _ settings: StreamSettings
  ) -> UpstreamRequest {
    var request = UpstreamRequest(url: url.upstreamText, userAgent: userAgent)
    request.headers = headers.fields.map { UpstreamHeader($0.name, $0.value) }
    request.timeouts.connect = settings.connectTimeout
    // Silence is judged by the supervision; these only make sure that nothing waits for ever.
    request.timeouts.firstByte = max(settings.supervision.window, settings.supervision.longestOpening) * 2
    request.timeouts.idle = settings.supervision.stall * 4
    return request
  }

  /// Whether an FFmpeg reads the source, and says what it is.
  var isFFmpeg: Bool {
    switch plan {
    case .upstream, .impossible: false
    case .copy, .transcode: true
    }
  }

  /// Whether FFmpeg makes the media anew; its key frames are then on the grid of HLS_SEGMENT_SECONDS.
  var isTranscode: Bool {
    if case .transcode = plan { return true }
    return false
  }

  /// The profile's own `-hls_time`, seconds.
  var segmentSeconds: Double? {
    guard case .transcode(let profile, _) = plan else { return nil }
    return profile.segmentSeconds
  }

  /// The profile's own `-hls_list_size`.
  var listSize: Int? {
    guard case .transcode(let profile, _) = plan else { return nil }
    return profile.listSize
  }

  /// FFmpeg reads a playlist: the media come a segment at a time.
  var readsPlaylist: Bool {
    switch plan {
    case .copy(let input), .transcode(_, let input): input.kind == .hls
    case .upstream, .impossible: false
    }
  }

  /// A source, to be opened at once. `time`: decode time of the log's last frame (90 kHz), where the clock goes on.
  func source(on loop: EventLoop, continuingAt time: Int64?) -> any MediaSource {
    let offset = time.map { Duration.microseconds($0 * 100 / 9) + .milliseconds(40) }
    switch plan {
    case .upstream(let request):
      return UpstreamSource(client: services.upstreams.client(on: loop), request: request, loop: loop)
    case .copy(let input):
      let settings = services.ffmpeg
      return ffmpeg(input, loop) { .copy($0, settings: settings, timestampOffset: offset) }
    case .transcode(let profile, let input):
      var settings = services.ffmpeg
      if let seconds = profile.segmentSeconds { settings.keyFrameSeconds = seconds }
      return ffmpeg(input, loop) { [settings] in
        .transcode(profile, input: $0, settings: settings, timestampOffset: offset)
      }
    case .impossible(let failure): return FailedSource(failure, loop: loop)
    }
  }

  private func ffmpeg(
    _ input: FFmpegInput, _ loop: EventLoop, _ command: @escaping @Sendable (FFmpegInput) -> FFmpegCommand
  ) -> any MediaSource {
    let target = FFmpegTarget(input: input, upstreams: services.upstreams)
    return FFmpegSource(spawner: services.spawner, loop: loop) { [services] in
      await target.checked().map { input in
        let command = command(input)
        return ChildRequest(
          executable: services.ffmpegPath, arguments: command.arguments, environment: command.environment,
          workingDirectory: "/", memoryLimit: services.settings.ffmpegMemoryBytes, hasProgress: true)
      }
    }
  }

  /// The source sends no MPEG-TS but this. A playlist is read by FFmpeg from now on.
  mutating func adopt(firstBytes: [UInt8]) -> SourceFailure {
    guard case .upstream = plan, let url else { return .notMedia("what came is no MPEG-TS") }
    guard firstBytes.starts(with: Array("#EXTM3U".utf8)) else {
      let isPage = firstBytes.first { $0 > 0x20 } == UInt8(ascii: "<")
      return .notMedia(isPage ? "a web page instead of media" : "what came is no MPEG-TS")
    }
    plan = .copy(FFmpegInput(url: url, kind: .hls, userAgent: userAgent, headers: headers))
    return .isPlaylist
  }
}
