import Testing

@testable import Transcoding

@Suite struct TemplatePolicyTests {
  static func render(
    _ template: String, _ variables: [String: String] = [:], policy: TemplatePolicy = TemplatePolicy()
  ) throws -> RenderedProfile {
    let url = try SourceURL("http://h/live/a.ts")
    return try ProfileCatalog().render(
      ProfileRequest(url: url, profile: template, variables: variables), policy: policy)
  }

  @Test(arguments: [
    "-i {input_url} -c copy -f mpegts pipe:1",
    "-i {input_url} -c copy -f mpegts -",
    "-fflags +genpts+discardcorrupt+igndts -i {input_url} -c:v libx264 -preset faster -crf {crf|23} -maxrate {maxrate|2500k} -bufsize {bufsize|5000k} -c:a aac -b:a {audio_bitrate|192k} -f mpegts {output_args|pipe:1}",
    "-i {input_url} -c:v libx264 -hls_time 2 -hls_list_size 30 -hls_flags delete_segments+program_date_time -hls_segment_filename seg%03d.ts -f hls {output_args|index.m3u8}",
    "-i {input_url} -c copy -f hls live.m3u8",
    "-y -hide_banner -loglevel warning -nostdin -i {input_url} -vn -c:a libmp3lame -q:a 2 -f mp3 pipe:1",
    "-hwaccel vaapi -hwaccel_device /dev/dri/renderD128 -hwaccel_output_format vaapi -i {input_url} -vf 'scale_vaapi=w=1280:h=720' -c:v h264_vaapi -b:v 3M -c:a copy -f mpegts pipe:1",
    "-init_hw_device vaapi=hw:/dev/dri/renderD128 -filter_hw_device hw -i {input_url} -vf format=nv12,hwupload -c:v hevc_vaapi pipe:1",
    "-re -user_agent 'VLC/3.0 (http://x)' -referer http://a/ -ss 00:01:00 -i {input_url} -t 30 -c copy pipe:1",
    "-i {input_url} -map 0:v:0 -map 0:a:m:language:eng? -map -0:s -metadata title='A b: c/d' -metadata:s:a:0 language=eng -c copy pipe:1",
    "-i {input_url} -metadata service_url=http://x/ -c copy pipe:1",
    "-i {input_url} -filter_complex '[0:v]yadif,split=2[a][b];[a][b]overlay=W-w-10:10,scale=-2:720[v]' -map [v] -map 0:a -c:v libx264 -x264-params keyint=50:min-keyint=50:no-scenecut=1 -c:a aac pipe:1",
    "-i {input_url} -vf \"scale='min(1280,iw)':-2:flags=lanczos,fps=30000/1001\" -af 'loudnorm=I=-16:TP=-1.5,aresample=48000,pan=stereo|c0=FL|c1=FR' -c:v libx265 -x265-params crf=28:aq-mode=3 -tag:v hvc1 -force_key_frames 'expr:gte(t,n_forced*2)' -bsf:v hevc_mp4toannexb -strict -2 -ac 2 -ar 48000 -r 25 -s 1280x720 -aspect 16:9 -shortest -movflags +faststart -f mp4 pipe:1",
    "-fflags nobuffer -flags low_delay -err_detect ignore_err -i {input_url} -flags:v +cgop-global_header -disposition:a 0 -disposition:v default+forced -c copy pipe:1",
    "-i {input_url} -c:v libvpx -b:v 1M -c:a libvorbis -f webm pipe:1",
    "-i {input_url} -c:v {encoder|libx264} -preset {preset} -f mpegts pipe:1",
  ])
  func allowed(template: String) throws {
    _ = try Self.render(template, ["preset": "fast"])
  }

  /// Each is one thing put into a template that is fine without it.
  @Test(arguments: [
    // Files and URLs in values.
    "-c:v /etc/passwd", "-vf movie=/etc/passwd", "-vf movie=x.ts,scale=1:1", "-vf amovie=x", "-af amovie=x",
    "-filter_complex movie=x[a]", "-filter_complex 'color=red[a]'", "-filter_complex [0:v]scale=1:1[a];movie=x[b]",
    "-vf subtitles=x.srt", "-vf \"subtitles=f=x\"", "-vf ass=x.ass", "-vf drawtext=textfile=x",
    "-vf drawtext=text=x:fontfile=y",
    "-vf lut3d=x.cube", "-vf haldclut", "-vf sendcmd=f=x", "-af asendcmd=f=x", "-vf zmq", "-vf frei0r=x",
    "-af ladspa=x",
    "-af lv2=x", "-vf scale=1:1,frei0r=x", "-vf scale=1:1;frei0r=x", "-vf 'fr''ei0r'=x", "-vf fr\\ei0r=x",

    "-vf scale@m=1:1,movie@n=x", "-vf ,movie=x", "-vf [a]movie=x", "-vf signature=filename=x", "-af arnndn=m=x",
    "-vf nnedi=weights=x", "-vf vidstabtransform=input=x", "-vf metadata=print:file=x", "-vf removelogo=x",
    "-vf libplacebo=custom_shader_path=x", "-vf scale=w=http\\\\://h/x", "-vf 'scale=w=/etc/passwd'",
    "-vf \"scale=w='/etc/x'\"",
    "-vf scale=a/../b", "-vf 'scale=/w=x'", "-vf scale=filename=x", "-vf \"scale='1:1\"", "-vf [a", "-vf scale=1:1]",
    "-vf \"\"",
    "-vf 'sws_flags=x;movie=y'", "-vf /tmp/graph", "-filter:v movie=x", "-filter movie=x", "-af 'volume=1;amovie=x'",
    "-filter_script x", "-filter_complex_script x", "-filter_script:v x", "-lavfi movie=x", "-/filter_complex x",
    "-/vf x", "-@vf x", "-vf @x", "-vf\u{301} x",
    "-bsf:v noise=x", "-bsf:v h264_mp4toannexb,trace_headers", "-bsf:v 'null\\,noise'",
    "-x264-params stats=x", "-x264-params a=b:qpfile=x", "-x264-params cqmfile=/x", "-x264-params dump_yuv=x",
    "-x264opts tcfile-in=x", "-x264-params 'crf=20\\:stats=x'", "-x264-params \"crf='20:stats=x'\"",
    "-x264opts statsx=1",
    "-x265-params csv=x", "-x265-params analysis-save=x", "-x265-params scaling-list=x", "-x265-params dhdr10-info=x",
    "-x265-params crf=1:lambda-file=x", "-x265-params zonefile=x", "-x265-params qpfile=x",
    // More inputs and outputs.
    "-i file", "-i {x|/etc/passwd}", "-i:0 x", "pipe:2", "-f mpegts pipe:1 -f mpegts", "/tmp/out.ts", "out.ts pipe:1",
    "--",
    "-- pipe:2", "http://evil/", "file:x", "concat:a", "-map 1:v", "-map [x", "-map 0,1", "-map 0:v,1:a", "-map /x",
    // Options that are not on the list, and forms of options.
    "-headers 'X: y'", "-pass 1", "-passlogfile x", "-pass:v 1", "-dump", "-dump_attachment:t x", "-attach x",
    "-report",
    "-vpre x", "-fpre x", "-pre x", "-apre x", "-sdp_file x", "-vstats_file x", "-progress /tmp/x",
    "-progress http://e/",
    "-protocol_whitelist file", "-http_proxy http://e/", "-init_hw_device opencl:file=x",
    "-init_hw_device vaapi=a:/etc/x",
    "-hwaccel_device x", "-vaapi_device /etc/passwd", "-vaapi_device /dev/dri/../sda", "-vaapi_device /dev/sda",
    "-vaapi_device /dev/dri/renderDx", "-vcode copy", "-cod copy", "-f:v mpegts", "-y:x", "-vf:0 scale=1:1", "-",
    "-c:v:", "-c:/x copy",
    "-c:v=x copy", "-é x", "-b:v -i", "-preset -y", "-c:v -an", "-user_agent x", "-re", "-reconnect 1", "-hwaccel cuda",
    "-metadata title=/../x", "-metadata /etc/passwd", "-metadata \"a=b\nc\"", "-metadata 'a=\u{0}b'",
    "-loglevel /tmp/x",
    "-flags +pass1", "-flags pass2", "-flags:v +low_delay+pass1", "-flags 512", "-flags +512", "-flags all",
    "-flags max",
    "-flags QP2LAMBDA", "-flags low_delay+", "-fflags 1", "-movflags /x", "-disposition:a 1",
    "-af loudnorm=1:2:3:4:5:6:7:8:x",
    "-hls_key_info_file /x", "-hls_base_url http://e/", "-hls_segment_filename ../x", "-mpegts_m2ts_mode 1", "-strict",
    "-force_key_frames source;x", "-force_key_frames '/etc/x'", "-tag:v ''", "''", "-c:v 'lib x264'",
    "-c:v libx264/../x",
    "-hls_time 0", "-hls_time x", "-hls_list_size -1", "-disposition:a /x", "-c:v libvpx", "-c:a flac",
    "-f tee", "-f segment", "-f concat", "-f fifo", "-f image2", "-f lavfi", "-f avi", "-f null", "-f rtsp",
    "-f '[f=mpegts]x'",
  ])
  func refusedAfterTheInput(part: String) {
    #expect(throws: ProfileError.self) { try Self.render("-i {input_url} \(part) -b:a 128k pipe:1") }
  }

  @Test(arguments: [
    "-f lavfi", "-f concat", "-f image2", "-f hls,mpegts", "-f data", "-protocol_whitelist file,http", "-safe 0",
    "-i x", "-vf scale=1:1", "-map 0", "-headers x", "-allowed_extensions ALL", "-extension_picky 0", "-cookies x",
    "-user_agent 'a\rb'", "-referer 'a\nHost: x'", "-filter_complex movie=x", "-itsoffset 1", "-stream_loop -1",
    "-dump",
    "-timeout -y", "x", "-", "pipe:1",
  ])
  func refusedBeforeTheInput(part: String) {
    #expect(throws: ProfileError.self) { try Self.render("\(part) -i {input_url} -c copy pipe:1") }
  }

  @Test(arguments: [
    "-i {input_url} -c copy", "-i {input_url} -f", "-i {input_url} -c copy pipe:1 -y", "-i {input_url} pipe:1 pipe:1",
    "-i {input_url} -c copy pipe:0", "-i {input_url} -c copy pipe:", "-i {input_url} -c copy out.ts",
    "-i {input_url} -c copy a/b.m3u8", "-i {input_url} -c copy ../b.m3u8", "-i {input_url} -c copy .m3u8",
    "-i {input_url} -c copy tcp:1.m3u8", "-i {input_url} -c copy http://e/b.m3u8", "-i {input_url} -c copy {x|pipe:2}",
  ])
  func theOutputIsThePipe(template: String) {
    #expect(throws: ProfileError.self) { try Self.render(template) }
  }

  @Test(arguments: [
    ["x": "libx264 -y"], ["x": "libx264' -i '/etc/passwd"], ["x": "a} {input_url"], ["x": "-i"], ["x": "a\n-i"],
    ["x": "copy\0"], ["x": "/etc/passwd"], ["x": "file:///etc/passwd"],
  ])
  func valuesCannotLeaveTheirArgument(variables: [String: String]) {
    #expect(throws: ProfileError.self) { try Self.render("-i {input_url} -c:v {x} pipe:1", variables) }
  }

  @Test func allowedCharactersInAValueStillMeetTheAllowList() {
    // `movie=x` passes the grammar of variables, and `..` too: the arguments are checked after substitution.
    #expect(throws: ProfileError.self) { try Self.render("-i {input_url} -vf {x} pipe:1", ["x": "movie=x"]) }
    #expect(throws: ProfileError.self) { try Self.render("-i {input_url} -metadata {x} pipe:1", ["x": "a=..b"]) }
    #expect(throws: ProfileError.self) { try Self.render("-i {input_url} {x} pipe:1", ["x": "pipe:2"]) }
    #expect(throws: ProfileError.self) { try Self.render("-i {input_url} {x|-dump} pipe:1") }
  }

  @Test func operatorsMayAddOptions() throws {
    let policy = TemplatePolicy(additionalOptions: TemplatePolicy.optionNames(" -cpu-used, deadline\tstream_loop "))
    let template = "-stream_loop -1 -i {input_url} -cpu-used:v 8 -deadline realtime -c:v libvpx -f webm pipe:1"
    #expect(throws: ProfileError.self) { try Self.render(template) }
    _ = try Self.render(template, policy: policy)
    for bad in ["-deadline /x", "-deadline http://e/", "-deadline", "-deadline realtime -deadlinex 1"] {
      #expect(throws: ProfileError.self) {
        try Self.render("-i {input_url} -c:v libvpx -f webm \(bad) pipe:1", policy: policy)
      }
    }
    // An added option takes its value: what follows it is never read as an option or an output.
    #expect(throws: ProfileError.self) {
      try Self.render("-i {input_url} -deadline -f mpegts pipe:1", policy: policy)
    }
  }

  @Test func templatesCanBeSwitchedOff() throws {
    let policy = TemplatePolicy(allowsTemplates: false)
    #expect(throws: ProfileError.self) { try Self.render("-i {input_url} -c copy pipe:1", policy: policy) }
    #expect(try Self.render("720p", policy: policy).name == "720p")
  }

  @Test func refusalsNameTheArgument() {
    #expect {
      try Self.render("-i {input_url} -vf movie=x pipe:1")
    } throws: { error in
      let error = error as? ProfileError
      return error?.code == "template-refused"
        && error?.detail == "Template argument '-vf movie=x' refused: the filter 'movie' is not allowed"
    }
    #expect {
      try Self.render("-i {input_url} -c copy http://bob:pw@h/x")
    } throws: {
      ($0 as? ProfileError)?.detail.contains("http://***@h/x") == true
    }
  }
}
