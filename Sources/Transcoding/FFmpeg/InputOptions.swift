/// Everything before the output's options: the server's input options, the template's, the input.
struct InputOptions {
  let input: FFmpegInput
  let template: [ArgumentList.Option]
  let settings: FFmpegSettings

  var arguments: [String] {
    let own = template.filter { !OptionNames.isWithoutEffect($0.name) }
    return protocols + ["-format_whitelist", Self.formats] + identity + timeout + reconnect + probing + playlist
      + own.flatMap(\.arguments)
      + ["-i", input.url.upstreamText]
  }

  private func templateSets(_ names: String...) -> Bool { template.contains { names.contains($0.name) } }

  /// What FFmpeg may open on behalf of this input. Never a file.
  private var protocols: [String] {
    let allowed =
      switch input.url.scheme {
      case .http, .https: "http,https,httpproxy,tcp,tls,crypto,data"
      case .rtsp, .rtsps: "rtsp,rtsps,rtp,srtp,udp,tcp,tls"
      case .rtmp, .rtmps: "rtmp,rtmps,tcp,tls"
      case .udp: "udp"
      case .srt: "srt"
      }
    return ["-protocol_whitelist", allowed]
  }

  /// What a source may be. FFmpeg makes a picture of anything else that it knows: of a web page, by its terminal
  /// demuxer; and it follows lists (concat, DASH) that name other sources.
  private static let formats = [
    "mpegts", "mpeg", "mpegvideo", "hls", "mov", "mp4", "m4a", "matroska", "webm", "flv", "live_flv", "avi", "asf",
    "ogg", "nut", "rtsp", "sdp", "rtp", "h264", "hevc", "m4v", "aac", "ac3", "eac3", "mp3", "flac", "wav", "webvtt",
  ].joined(separator: ",")

  private var identity: [String] {
    guard input.url.scheme.isHTTP else { return [] }
    var arguments: [String] = []
    if !templateSets("user_agent"), !input.userAgent.isEmpty { arguments += ["-user_agent", input.userAgent] }
    if !input.headers.isEmpty {
      arguments += ["-headers", input.headers.fields.map { "\($0.name): \($0.value)\r\n" }.joined()]
    }
    return arguments
  }

  private var timeout: [String] {
    let seconds = settings.sourceTimeout.components
    let microseconds = String(seconds.seconds * 1_000_000 + seconds.attoseconds / 1_000_000_000_000)
    if templateSets("rw_timeout", "timeout") { return [] }
    switch input.url.scheme {
    case .http, .https, .rtmp, .rtmps, .srt: return ["-rw_timeout", microseconds]
    case .rtsp, .rtsps, .udp: return ["-timeout", microseconds]
    }
  }

  /// Only what continues a film at the next byte. `reconnect_at_eof` would read a playlist for ever, and
  /// `reconnect_streamed` would begin a film again; a live source that ends is reopened by the supervision, which must
  /// see that it ended.
  private var reconnect: [String] {
    guard input.url.scheme.isHTTP, input.kind == .file, !template.contains(where: { $0.name.hasPrefix("reconnect") })
    else { return [] }
    return ["-reconnect", "1", "-reconnect_delay_max", "4"]
  }

  /// A live transport stream is taken up after a second at most (the default waits for five). Bytes are limited only so
  /// far that one large key frame, as of 4K sources, does not hide the tables behind it.
  private var probing: [String] {
    guard input.url.scheme.isHTTP, input.kind == .liveTransportStream else {
      return rtspTransport
    }
    var arguments: [String] = []
    if !templateSets("analyzeduration") { arguments += ["-analyzeduration", "1000000"] }
    if !templateSets("probesize") { arguments += ["-probesize", "2000000"] }
    if !templateSets("fflags") { arguments += ["-fflags", "+genpts"] }
    return arguments
  }

  /// Cameras behind a NAT or a container's network cannot be reached by UDP.
  private var rtspTransport: [String] {
    let isRTSP = input.url.scheme == .rtsp || input.url.scheme == .rtsps
    return isRTSP && !templateSets("rtsp_transport") ? ["-rtsp_flags", "prefer_tcp"] : []
  }

  /// Providers name their segments as they like (`.php`, nothing at all), which FFmpeg refuses by default. That guard
  /// is against playlists that name local files, which the list of protocols already keeps out.
  private var playlist: [String] {
    guard input.kind == .hls, input.url.scheme.isHTTP, settings.hasExtensionPicky, !templateSets("f") else { return [] }
    return ["-f", "hls", "-extension_picky", "0"]
  }
}
