import Testing

@testable import Transcoding

@Suite struct FFmpegCommandTests {
  private func input(
    _ url: String, kind: FFmpegInput.Kind? = nil, headers: [String: String] = [:]
  ) throws -> FFmpegInput {
    FFmpegInput(
      url: try SourceURL(url), kind: kind, userAgent: "UA/1", headers: try SourceHeaders(texts: headers))
  }

  private func transcode(
    _ profile: String, _ url: String = "http://h/live/a.ts", format: String? = nil, kind: FFmpegInput.Kind? = nil,
    headers: [String: String] = [:], offset: Duration? = nil, settings: FFmpegSettings = FFmpegSettings()
  ) throws -> [String] {
    let request = ProfileRequest(url: try SourceURL(url), profile: profile, outputFormat: format)
    return FFmpegCommand.transcode(
      try ProfileCatalog().render(request), input: try input(url, kind: kind, headers: headers), settings: settings,
      timestampOffset: offset
    ).arguments
  }

  /// What stands before and after the URL.
  private func halves(_ arguments: [String]) throws -> (input: [String], output: [String]) {
    let place = try #require(arguments.firstIndex(of: "-i"))
    return (Array(arguments[..<place]), Array(arguments[(place + 2)...]))
  }

  private func value(_ option: String, in arguments: [String]) -> String? {
    arguments.firstIndex(of: option).flatMap { $0 + 1 < arguments.count ? arguments[$0 + 1] : nil }
  }

  @Test func theWholeOfABuiltIn() throws {
    #expect(
      try transcode("720p") == [
        "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+info", "-progress", "pipe:3", "-stats_period", "1",
        "-protocol_whitelist", "http,https,httpproxy,tcp,tls,crypto,data",
        "-format_whitelist",
        "mpegts,mpeg,mpegvideo,hls,mov,mp4,m4a,matroska,webm,flv,live_flv,avi,asf,ogg,nut,rtsp,sdp,rtp,h264,hevc,m4v,"
          + "aac,ac3,eac3,mp3,flac,wav,webvtt",
        "-user_agent", "UA/1", "-rw_timeout", "20000000", "-analyzeduration", "1000000", "-probesize", "2000000",
        "-fflags", "+genpts",
        "-i", "http://h/live/a.ts", "-map", "0:v:0?", "-map", "0:a:0?", "-c:v", "libx264", "-preset", "faster",
        "-vf", "scale=1280:720", "-b:v", "2500k", "-c:a", "aac", "-b:a", "128k",
        "-force_key_frames", "expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+1.999))",
        "-mpegts_flags", "+initial_discontinuity+resend_headers", "-flush_packets", "1", "-muxdelay", "0",
        "-muxpreload", "0", "-f", "mpegts", "pipe:1",
      ])
  }

  @Test(arguments: OutputFormat.allCases)
  func theOutputIsAlwaysThePipe(format: OutputFormat) throws {
    let arguments = try transcode("-i {input_url} -c:v copy -c:a copy pipe:1", format: format.rawValue)
    let expected = format.isMadeFromLog ? "mpegts" : format.rawValue
    #expect(arguments.suffix(3) == ["-f", expected, "pipe:1"])
    #expect(arguments.filter { $0 == "-f" }.count == 1)
    #expect(arguments.contains("-mpegts_flags") == format.isMadeFromLog)
  }

  @Test func serverSideFormOfHLS() throws {
    let arguments = try transcode(
      "-y -loglevel debug -progress pipe:2 -i {input_url} -c:v libx264 -c:a copy -bsf:a aac_adtstoasc -f hls -hls_time 1 "
        + "-hls_list_size 5 -hls_flags delete_segments -hls_segment_filename s%d.ts -movflags +faststart x.m3u8")
    let output = try halves(arguments).output
    #expect(
      !arguments.contains {
        $0.hasPrefix("-hls_") || $0.hasSuffix("m3u8") || $0.hasSuffix(".ts") && $0 != "http://h/live/a.ts"
      })
    #expect(!output.contains("-movflags") && !output.contains("-bsf:a") && !output.contains("hls"))
    #expect(!arguments.contains("-y") && !arguments.contains("debug") && !arguments.contains("pipe:2"))
    // Segments of one second need a key frame each second.
    #expect(value("-force_key_frames", in: output)?.contains("prev_forced_t+0.999") == true)
  }

  @Test(arguments: [
    ("-bsf:a aac_adtstoasc", nil), ("-bsf:v h264_mp4toannexb,null", "h264_mp4toannexb,null"),
    ("-bsf:v aac_adtstoasc,null", "null"),
  ])
  func rawAACNeverReachesTransportStreams(option: String, expected: String?) throws {
    let output = try halves(transcode("-i {input_url} -c copy \(option) -f mp4 pipe:1")).output
    #expect(value(String(option.prefix(6)), in: output) == expected)
  }

  @Test(
    arguments: [
      ("-c copy", []), ("-c:v copy -c:a aac", ["-map", "0:v:0?", "-map", "0:a:0?"]),
      ("-vn -c:a aac", ["-map", "0:a:0?"]), ("-an -c:v libx264", ["-map", "0:v:0?"]), ("-vn -c:a copy", []),
      ("-map 0:a:1 -c:a aac", ["-map", "0:a:1"]), ("-filter_complex [0:v]null[v] -c:v libx264", []),
      ("-vcodec copy -acodec copy", []),
    ] as [(String, [String])])
  func maps(options: String, expected: [String]) throws {
    let output = try halves(transcode("-i {input_url} \(options) pipe:1")).output
    let found = output.indices.filter { output[$0] == "-map" }.flatMap { Array(output[$0...($0 + 1)]) }
    #expect(found == expected)
  }

  @Test(arguments: [
    ("-c:v libx264", true), ("-c:v h264_nvenc", true), ("-vcodec libx265", true), ("-b:v 1M", true),
    ("-c:v copy", false), ("-c copy", false), ("-vn", false), ("-c:v libx264 -g 50", false),
    ("-c:v libx264 -g:v 50", false),
    ("-c:v libx264 -keyint_min 10", false), ("-c:v libx264 -force_key_frames source", false),
    ("-c:v libx264 -x264-params keyint=50", false), ("-c:v libx264 -x264-params min_keyint=5", false),
    ("-c:v libx264 -x264-params bframes=0", true), ("-c:v libx265 -x265-params crf=1:keyint=9", false),
    ("-c:v libxvid", false),
  ])
  func forcedKeyFrames(options: String, isForced: Bool) throws {
    let output = try halves(transcode("-i {input_url} \(options) -c:a aac pipe:1")).output
    #expect(output.contains { $0.hasPrefix("expr:if(isnan") } == isForced)
    #expect(
      (value("-forced-idr", in: output) == "1") == (isForced && (options.contains("265") || options.contains("nvenc"))))
  }

  @Test func encodersThatTheContainerImplies() throws {
    let output = try halves(transcode("-i {input_url} -b:v 1M -f mp4 pipe:1")).output
    #expect(value("-c:v", in: output) == "libx264")
    #expect(value("-c:a", in: output) == "aac")
    #expect(value("-c:a", in: try halves(transcode("-i {input_url} -vn -f mp3 pipe:1")).output) == "libmp3lame")
  }

  @Test func headersAreOneArgumentAndOnlyForHTTP() throws {
    let arguments = try transcode("720p", headers: ["X-B": "2", "a": "1 'x'"])
    #expect(value("-headers", in: arguments) == "a: 1 'x'\r\nX-B: 2\r\n")
    let other = try transcode("720p", "rtmp://h/a/b", headers: ["X-B": "2"])
    #expect(!other.contains("-headers") && !other.contains("-user_agent"))
  }

  @Test func theTemplatesOwnInputOptionsWin() throws {
    let arguments = try transcode(
      "-user_agent Mine -probesize 1M -analyzeduration 2M -fflags nobuffer -rw_timeout 5 -i {input_url} -c copy pipe:1")
    for option in ["-user_agent", "-probesize", "-analyzeduration", "-fflags", "-rw_timeout"] {
      #expect(arguments.filter { $0 == option }.count == 1, "\(option)")
    }
    #expect(value("-user_agent", in: arguments) == "Mine")
  }

  @Test(arguments: [
    ("http://h/live/a.ts", ["-probesize"], ["-reconnect", "-rtsp_flags", "-timeout"]),
    ("https://h/film.mkv", ["-reconnect", "-rw_timeout"], ["-probesize", "-reconnect_at_eof", "-reconnect_streamed"]),
    ("http://h/a.m3u8", ["-rw_timeout"], ["-reconnect", "-probesize", "-extension_picky"]),
    ("rtsp://h/a", ["-rtsp_flags", "-timeout"], ["-rw_timeout", "-probesize", "-reconnect"]),
    ("udp://h:5", ["-timeout"], ["-rw_timeout", "-probesize"]), ("srt://h:5", ["-rw_timeout"], ["-probesize"]),
  ])
  func inputOptionsByKind(url: String, wanted: [String], unwanted: [String]) throws {
    let options = try halves(transcode("default", url)).input
    for option in wanted { #expect(options.contains(option), "\(option)") }
    for option in unwanted { #expect(!options.contains(option), "\(option)") }
    let protocols = try #require(value("-protocol_whitelist", in: options)).split(separator: ",")
    for bad in ["file", "pipe", "concat", "subfile", "async", "cache", "fd", "tee", "unix", "gopher", "ftp"] {
      #expect(!protocols.contains(Substring(bad)))
    }
  }

  @Test func playlistsWithOddSegmentNames() throws {
    var settings = FFmpegSettings()
    settings.hasExtensionPicky = true
    let options = try halves(transcode("default", "http://h/channel", kind: .hls, settings: settings)).input
    #expect(value("-extension_picky", in: options) == "0")
    #expect(value("-f", in: options) == "hls")
    let own = try halves(transcode("-f hls -i {input_url} -c copy pipe:1", "http://h/a.m3u8", settings: settings)).input
    #expect(!own.contains("-extension_picky"))
  }

  @Test(arguments: [
    (Duration.seconds(100), "100.000000"), (.milliseconds(1500), "1.500000"),
    (.microseconds(95_443_717_689_123), "95443717.689123"),
    (.microseconds(-1_500_000), "-1.500000"),
  ])
  func timestampsGoOn(offset: Duration, text: String) throws {
    #expect(value("-output_ts_offset", in: try transcode("720p", offset: offset)) == text)
  }

  @Test func failoverKeepsTheProfile() throws {
    let request = ProfileRequest(url: try SourceURL("http://h/live/a.ts"), profile: "720p")
    let command = FFmpegCommand.transcode(
      try ProfileCatalog().render(request), input: try input("http://other/ü b.ts"), settings: FFmpegSettings())
    #expect(value("-i", in: command.arguments) == "http://other/%C3%BC%20b.ts")
    #expect(!command.arguments.contains("http://h/live/a.ts"))
  }

  @Test func copies() throws {
    let camera = FFmpegCommand.copy(try input("rtsp://h/a"), settings: FFmpegSettings())
    let output = try halves(camera.arguments).output
    #expect(output.prefix(6) == ["-map", "0:v:0?", "-map", "0:a?", "-c", "copy"])
    #expect(output.suffix(3) == ["-f", "mpegts", "pipe:1"])
    let playlist = FFmpegCommand.copy(try input("http://h/a.m3u8"), settings: FFmpegSettings())
    #expect(!playlist.arguments.contains("-map"))
    #expect(try input("http://h/a.m3u8").needsCopy && input("udp://h:1").needsCopy && !input("http://h/a.ts").needsCopy)
  }

  @Test func environmentHoldsNothingOfTheWorker() throws {
    let input = try input("http://h/live/a.ts")
    var settings = FFmpegSettings()
    #expect(
      FFmpegCommand.copy(input, settings: settings).environment
        == ["PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C"])
    settings.egressProxy = "http://127.0.0.1:3128"
    let environment = FFmpegCommand.copy(input, settings: settings).environment
    #expect(environment["http_proxy"] == "http://127.0.0.1:3128")
    #expect(environment["https_proxy"] == "http://127.0.0.1:3128")
    #expect(environment["no_proxy"]?.isEmpty == true)
  }
}
