extension BadInput {
  static let all = urls + bodies + fields + profiles + templates + routes

  private static let notAllowed = "is not allowed: name it in SOURCE_ALLOW"

  private static let urls: [BadInput] =
    [
      .url("blank", "  ", "URL cannot be empty"), .url("empty", "", "URL cannot be empty"),
      .url("no scheme", "h/live/a.ts", "URL must use HTTP or HTTPS protocol"),
      .url("no host", "http:///a", "URL must have a valid domain"),
      .url("bad port", "http://h:99999/a", "URL must have a valid domain"),
      .url("angle bracket", "http://h/<a", "URL contains forbidden characters"),
      .url("control character", "http://h/a\\nb", "URL contains forbidden characters"),
      .url("backtick", "http://h/`id`", "URL contains forbidden characters"),
      .url("too long", "http://h/" + String(repeating: "a", count: 8192), "URL must be at most 8192 bytes long"),
    ]
    + ["ftp://h/x", "file:///etc/passwd", "data:text/plain,x", "concat:/a|/b", "pipe:0", "javascript:alert(1)"].map {
      .url("scheme \($0)", $0, "URL must use HTTP or HTTPS protocol")
    }
    + [
      ("127.0.0.1", "127.0.0.1"), ("127.1", "127.1"), ("2130706433", "2130706433"), ("0x7f.1", "0x7f.1"),
      ("0177.0.0.1", "0177.0.0.1"), ("[::1]", "::1"), ("[::ffff:127.0.0.1]", "::ffff:127.0.0.1"),
      ("[0:0:0:0:0:0:0:1]", "0:0:0:0:0:0:0:1"), ("0.0.0.0", "0.0.0.0"), ("[::]", "::"), ("localhost", "localhost"),
      ("LOCALHOST", "localhost"), ("localhost.", "localhost."), ("a.localhost", "a.localhost"),
      ("169.254.169.254", "169.254.169.254"), ("[fe80::1]", "fe80::1"), ("224.0.0.1", "224.0.0.1"),
    ].map { host, shown in .url("target \(host)", "http://\(host):8085/live/a.ts", "the target \(shown) \(notAllowed)")
    }
    + [
      .text(
        "failover target", #"{"url":"http://h/a","failover_urls":["http://h/b","http://127.1/c"]}"#,
        "value_error body.failover_urls.1: Value error, the target 127.1 \(notAllowed)"),
      .text(
        "callback target", #"{"url":"http://h/a","failover_resolver_url":"http://localhost/c"}"#,
        "value_error body.failover_resolver_url: Value error, the target localhost is not allowed: "
          + "name it in CALLBACK_ALLOW"),
    ]

  private static let bodies: [BadInput] = [
    .text("no body", "", "missing body: Field required"),
    .text("no JSON", "hello", "json_invalid body.0: JSON decode error"),
    .text("cut JSON", "{\"url\": ", "json_invalid body.8: JSON decode error"),
    .text("trailing comma", #"{"url":"http://h/a",}"#, "json_invalid body.20: JSON decode error"),
    .text("an array", "[]", "dict_type body: Input should be a valid dictionary"),
    .text("a number", "7", "dict_type body: Input should be a valid dictionary"),
    .text("no url", "{}", "missing body.url: Field required"),
    .text("null url", #"{"url":null}"#, "missing body.url: Field required"),
    BadInput(
      name: "not UTF-8", target: "/streams", body: Array("{\"url\":\"".utf8) + [0xFF] + Array("\"}".utf8),
      status: 422, code: "validation", detail: "json_invalid body.7: JSON decode error"),
    BadInput(
      name: "other type", target: "/streams", headers: ["Content-Type": "text/plain"], body: Array("{}".utf8),
      status: 422, code: "validation", detail: "value_error body: Value error, Content-Type must be application/json"),
    BadInput(
      name: "body of 1 MiB and a byte", target: "/streams", body: [UInt8](repeating: 0x20, count: 1_048_577),
      status: 413, code: "body-too-large", detail: "Request body too large"),
    BadInput(
      name: "header of 32 KiB", method: "GET", target: "/streams",
      headers: ["X-Long": String(repeating: "a", count: 33_000)], body: [], status: 431, code: "header-too-large",
      detail: "Request header too large"),
  ]

  private static let fields: [BadInput] = [
    .transcode(
      "every type wrong",
      #"""
      {"url":1,"failover_urls":{},"failover_resolver_url":"ftp://x","user_agent":[],"metadata":"x","headers":3,
       "strict_live_ts":"maybe","use_sticky_session":2,"enable_silence_detection":{},"silence_threshold_db":1,
       "silence_duration":0,"silence_check_interval":"x","silence_monitoring_grace_period":-1,
       "silence_failover_threshold":1.5,"profile":1,"profile_variables":[1],"output_format":{},"resolver":"vlc",
       "cookies":1,"cookies_path":2,"resolver_args":3}
      """#, 422, "validation",
      """
      string_type body.profile: Input should be a valid string
      dict_type body.profile_variables: Input should be a valid dictionary
      string_type body.output_format: Input should be a valid string
      string_type body.resolver_args: Input should be a valid string
      string_type body.cookies: Input should be a valid string
      string_type body.cookies_path: Input should be a valid string
      enum body.resolver: Input should be 'streamlink' or 'ytdlp'
      string_type body.url: Input should be a valid string
      list_type body.failover_urls: Input should be a valid list
      value_error body.failover_resolver_url: Value error, URL must use HTTP or HTTPS protocol
      string_type body.user_agent: Input should be a valid string
      dict_type body.headers: Input should be a valid dictionary
      dict_type body.metadata: Input should be a valid dictionary
      bool_parsing body.strict_live_ts: Input should be a valid boolean, unable to interpret input
      bool_parsing body.use_sticky_session: Input should be a valid boolean, unable to interpret input
      bool_parsing body.enable_silence_detection: Input should be a valid boolean, unable to interpret input
      less_than_equal body.silence_threshold_db: Input should be less than or equal to 0
      value_error body.silence_duration: Input should be greater than 0
      float_parsing body.silence_check_interval: Input should be a valid number, unable to parse string as a number
      greater_than_equal body.silence_monitoring_grace_period: Input should be greater than or equal to 0
      int_parsing body.silence_failover_threshold: Input should be a valid integer, unable to parse string as an integer
      """),
    .text(
      "metadata values", #"{"url":"http://h/a","metadata":{"a":null,"b.c":[1],"d":{}}}"#,
      """
      string_type body.metadata.b.c: Input should be a string, integer, float or boolean
      string_type body.metadata.d: Input should be a string, integer, float or boolean
      string_type body.metadata.a: Input should be a string, integer, float or boolean
      """),
    .text(
      "metadata of 65 keys",
      "{\"url\":\"http://h/a\",\"metadata\":{" + (0..<65).map { "\"k\($0)\":1" }.joined(separator: ",") + "}}",
      "value_error body.metadata: Value error, at most 64 keys and 16 KiB are allowed"),
    .text(
      "headers", #"{"url":"http://h/a","headers":{"Host":"x","range":"1","X Y":"1","X-A":"a\r\nB: c","X-L":[]}}"#,
      """
      string_type body.headers.X-L: Input should be a string, integer, float or boolean
      value_error body.headers.Host: Value error, Header 'Host' cannot be set
      value_error body.headers.X Y: Value error, Header name 'X Y' is not a token
      value_error body.headers.X-A: Value error, Header 'X-A' contains a control character
      value_error body.headers.range: Value error, Header 'range' cannot be set
      """),
    .text(
      "user agent", #"{"url":"http://h/a","user_agent":"a\r\nX: y"}"#,
      "value_error body.user_agent: Value error, user_agent must be at most 1024 bytes without control characters"),
    .text(
      "33 failover URLs",
      "{\"url\":\"http://h/a\",\"failover_urls\":["
        + (0..<33).map { "\"http://h/\($0)\"" }.joined(separator: ",") + "]}",
      "value_error body.failover_urls: Value error, at most 32 items are allowed"),
    .transcode(
      "cookies of 256 KiB and a byte",
      "{\"url\":\"http://h/a\",\"resolver\":\"ytdlp\",\"cookies\":\"" + String(repeating: "c", count: 262_145) + "\"}",
      422, "validation", "string_too_long body.cookies: String should have at most 262144 characters"),
  ]

  private static let profiles: [BadInput] = [
    .transcode(
      "unknown profile", #"{"url":"http://h/live/a.ts","profile":"nope"}"#, 400, "profile-unknown",
      "Profile 'nope' not found. Available profiles: default, hq, lowlatency, 720p, 1080p, hevc, audio"),
    .transcode(
      "variable that is an argument",
      #"{"url":"http://h/live/a.ts","profile":"720p","profile_variables":{"video_bitrate":"1M -i /etc/passwd"}}"#, 400,
      "variable-refused",
      "Variable 'video_bitrate' with value '1M -i /etc/passwd' refused: allowed is a bit rate from 1k to 200M"),
    .transcode(
      "variable of the server",
      #"{"url":"http://h/live/a.ts","profile":"720p","profile_variables":{"output_args":"/tmp/x"}}"#, 400,
      "variable-refused", "Variable 'output_args' with value '/tmp/x' refused: allowed is the server's own value"),
    .transcode(
      "unknown format", #"{"url":"http://h/live/a.ts","output_format":"avi"}"#, 400, "format-unsupported",
      "Output format 'avi' is not supported. Supported formats: mpegts, hls, mp4, matroska, flv, adts, mp3, webm, ogg"),
    .transcode(
      "streamlink", #"{"url":"http://h/live/a.ts","resolver":"streamlink"}"#, 400, "resolver-disabled",
      "Streamlink resolver is disabled (STREAMLINK_ENABLED=false)"),
    .transcode(
      "yt-dlp", #"{"url":"http://h/live/a.ts","resolver":"ytdlp"}"#, 503, "resolver-unavailable",
      "yt-dlp is not installed or not accessible"),
    .transcode(
      "flag of yt-dlp", #"{"url":"http://h/live/a.ts","resolver":"ytdlp","resolver_args":"best --exec id"}"#, 400,
      "template-refused", "Template argument '--exec' refused: this flag is not allowed"),
  ]

  private static let templates: [BadInput] = [
    .template(
      "second input", "-i {input_url} -i /etc/passwd -f mpegts pipe:1",
      "Template argument '{input_url}' refused: it must be there exactly once, as the whole value of the only -i"),
    .template(
      "second output", "-i {input_url} -c copy -f mpegts pipe:1 -f mpegts /tmp/x.ts",
      "Template argument 'pipe:1' refused: there is one output, and it comes last, after the input"),
    .template(
      "output to a file", "-i {input_url} -c copy -f mpegts /tmp/x.ts",
      "Template argument '/tmp/x.ts' refused: the output is pipe:1, - or, for HLS, a bare name.m3u8"),
    .template(
      "output to a URL", "-i {input_url} -c copy -f mpegts http://h/x",
      "Template argument 'http://h/x' refused: the output is pipe:1, - or, for HLS, a bare name.m3u8"),
    .template(
      "filter that opens a file", "-i {input_url} -vf movie=/etc/passwd -f mpegts pipe:1",
      "Template argument '-vf movie=/etc/passwd' refused: the filter 'movie' is not allowed"),
    .template(
      "subtitles from a file", "-i {input_url} -vf subtitles=x.srt -f mpegts pipe:1",
      "Template argument '-vf subtitles=x.srt' refused: the filter 'subtitles' is not allowed"),
    .template(
      "option that is not listed", "-i {input_url} -dump_attachment:t x -f mpegts pipe:1",
      "Template argument '-dump_attachment:t x' refused: this option is not allowed"),
    .template(
      "headers", "-headers X -i {input_url} -f mpegts pipe:1",
      "Template argument '-headers X' refused: this option is not allowed"),
    .template("muxer", "-i {input_url} -f tee pipe:1", "Template argument '-f tee' refused: this muxer is not allowed"),
    .template(
      "no input", "-c copy -f mpegts pipe:1",
      "Template argument '{input_url}' refused: it must be there exactly once, as the whole value of the only -i"),
    .template(
      "no output", "-i {input_url} -c copy -f mpegts", "Template argument 'mpegts' refused: there is no output after it"
    ),
    .template(
      "unbalanced quote", "-i {input_url} -metadata 'a -f mpegts pipe:1",
      "Template argument 'a -f mpegts pipe:1' refused: a quote is not closed"),
    .template(
      "variable without value", "-i {input_url} -b:v {rate} -f mpegts pipe:1",
      "Template argument '{rate}' refused: it has neither a value nor a default"),
  ]

  private static let id = "00000000000000000000000000000000"

  private static let routes: [BadInput] = [
    .request("GET", "/nope", 404, "not-found", "Not Found"),
    .request("GET", "/m3u-proxy/m3u-proxy/health", 404, "not-found", "Not Found"),
    .request("GET", "/static/../etc/passwd", 404, "not-found", "Not Found"),
    .request("GET", "/static/%2e%2e/%2e%2e/etc/passwd", 404, "not-found", "Not Found"),
    .request("GET", "/static/..%2f..%2fetc%2fpasswd", 404, "not-found", "Not Found"),
    .request("GET", "/streams/a%00b", 404, "not-found", "Not Found"),
    .request("PUT", "/streams", 405, "method-not-allowed", "Method Not Allowed"),
    .request("DELETE", "/transcode", 405, "method-not-allowed", "Method Not Allowed"),
    .request("POST", "/streams/by-metadata", 405, "method-not-allowed", "Method Not Allowed"),
    .request("GET", "/streams/\(id)", 404, "stream-not-found", "Stream not found"),
    .request("GET", "/streams/x", 404, "stream-not-found", "Stream not found"),
    .request("DELETE", "/streams/\(id)", 404, "stream-not-found", "Stream not found"),
    .request("POST", "/streams/\(id)/token", 404, "stream-not-found", "Stream not found"),
    .request("GET", "/clients/nobody", 404, "client-not-found", "Client not found"),
    .request("DELETE", "/hls/\(id)/clients/c", 404, "stream-not-found", "Stream not found"),
    .request("GET", "/stream/\(id)", 404, "stream-not-found", "Stream not found"),
    .request("GET", "/hls/\(id)/playlist.m3u8", 404, "stream-not-found", "Stream not found"),
    .request(
      "GET", "/hls/\(id)/segment.ts", 422, "validation",
      "missing query.client_id: Field required\nmissing query.n: Field required"),
    .request(
      "GET", "/hls/\(id)/segment.ts?client_id=c&url=http%3A%2F%2Fh%2F1", 404, "stream-not-found", "Stream not found"),
    .request(
      "GET", "/stream/\(id)?client_id=a%20b", 422, "validation",
      "value_error query.client_id: Value error, client_id must be 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -"),
    .request(
      "GET", "/streams?scope=all", 422, "validation", "enum query.scope: Input should be 'cluster' or 'worker'"),
    .request(
      "GET", "/readyz?verbose=x", 422, "validation",
      "bool_parsing query.verbose: Input should be a valid boolean, unable to interpret input"),
    .request("GET", "/docs", 501, "not-available", "The API's documents are not available"),
    .request("GET", "/static/app.css", 501, "not-available", "The API's documents are not available"),
    .request("GET", "/status", 501, "not-available", "The status page is not available"),
    .request("GET", "/favicon.ico", 404, "not-found", "Not Found"),
    .request("POST", "/broadcast/n/start", 501, "not-available", "Broadcasts are not available"),
    .request("POST", "/streams/\(id)/failover", 501, "not-available", "Failover is not available"),
    .request("GET", "/streams/by-metadata?field=a&value=b", 501, "not-available", "Metadata filters are not available"),
  ]
}
