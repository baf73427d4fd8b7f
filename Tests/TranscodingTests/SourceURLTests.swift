import Testing
import Transcoding

@Suite struct SourceURLTests {
  @Test(arguments: [
    ("http://h/live/a.ts", "h", 80), ("HTTPS://H.Example:8443/x?y=1#z", "h.example", 8443),
    ("rtsp://cam/1", "cam", 554), ("rtsps://cam/1", "cam", 322), ("rtmp://h/a/b", "h", 1935),
    ("rtmps://h/a/b", "h", 443), ("http://u:p@h:81/x", "h", 81), ("http://u@evil@h/x", "h", 80),
    ("http://[2001:DB8::1]:8080/x", "2001:db8::1", 8080), ("udp://@239.1.1.1:1234", "239.1.1.1", 1234),
    ("http://h", "h", 80), ("http://h?x", "h", 80), ("http://h:/x", "h", 80), ("http://a_b.c-d/x", "a_b.c-d", 80),
    ("http://h/data:text,javascript:", "h", 80),
  ])
  func acceptsAndTakesApart(text: String, host: String, port: Int) throws {
    let url = try SourceURL(text)
    #expect(url.text == text)
    #expect(url.host == host)
    #expect(url.port == port)
  }

  @Test func partsOfTheURL() throws {
    let url = try SourceURL("srt://h/a b?mode=caller#f")
    #expect(url.scheme == .srt)
    #expect(url.port == nil)
    #expect(url.path == "/a b")
    #expect(url.query == "mode=caller")
  }

  @Test(arguments: [
    ("", SourceURLError.empty), (" \t\n", .empty), ("\u{A0}", .empty),
    ("ftp://h/x", .scheme), ("file:///etc/passwd", .scheme), ("/etc/passwd", .scheme), ("h/x", .scheme),
    ("concat:http://h/x", .scheme), ("javascript://h", .scheme), (" http://h/x", .scheme), ("http:/h/x", .scheme),
    ("http://", .host), ("http:///x", .host), ("http://?x", .host), ("http://:80/x", .host), ("http://u@/x", .host),
    ("http://h:0/", .host), ("http://h:65536/", .host), ("http://h:8a/", .host), ("http://h:+80/", .host),
    ("http://[::1/", .host), ("http://[]/", .host), ("http://[h]/", .host), ("http://[::1]x/", .host),
    ("http://127.0.0.%31/", .host), ("http://h h/", .host), ("http://müller/x", .host), ("http://./", .host),
    ("http://h\u{301}/x", .host),
    ("http://h/<x>", .forbiddenCharacter), ("http://h/\"", .forbiddenCharacter), ("http://h/\\", .forbiddenCharacter),
    ("http://h/^", .forbiddenCharacter), ("http://h/`", .forbiddenCharacter),
    ("http://h/\r\nX: y", .forbiddenCharacter),
    ("http://h/\0", .forbiddenCharacter), ("http://h/\u{7F}", .forbiddenCharacter),
    ("http://h/\u{85}", .forbiddenCharacter),
    ("http://h/" + String(repeating: "x", count: 8184), .tooLong),
  ])
  func refuses(text: String, expected: SourceURLError) {
    #expect(throws: expected) { try SourceURL(text) }
  }

  @Test func messagesAreThoseOfTheContract() {
    #expect(SourceURLError.empty.description == "URL cannot be empty")
    #expect(SourceURLError.scheme.description == "URL must use HTTP or HTTPS protocol")
    #expect(SourceURLError.host.description == "URL must have a valid domain")
  }

  @Test func callbacksAreHTTPOnly() throws {
    #expect(throws: SourceURLError.scheme) { try SourceURL("rtsp://h/x", schemes: [.http, .https]) }
    #expect(try SourceURL("https://h/x", schemes: [.http, .https]).scheme == .https)
  }

  @Test func theLongestURLIsAccepted() throws {
    #expect(try SourceURL("http://h/" + String(repeating: "x", count: 8183)).text.utf8.count == 8192)
  }

  @Test(arguments: [
    ("http://h/a b.ts", "http://h/a%20b.ts"), ("http://h/ü?q=é", "http://h/%C3%BC?q=%C3%A9"),
    ("http://h/a%20b+c|{x}[y]'", "http://h/a%20b+c|{x}[y]'"), ("http://h/a#frag ment", "http://h/a"),
  ])
  func upstreamText(text: String, upstream: String) throws {
    #expect(try SourceURL(text).upstreamText == upstream)
  }

  @Test(arguments: [
    ("http://h/a.m3u8", StreamType.hls, SourceCategory.hls), ("http://h/a.M3U8?x=.ts", .hls, .hls),
    ("http://h/a.ts", .direct, .live), ("http://h/a.TS?x", .direct, .live), ("http://h/a.mp4", .direct, .vod),
    ("http://h/a.mkv", .direct, .vod), ("http://h/a.webm", .direct, .vod), ("http://h/a.avi", .direct, .vod),
    ("http://h/live/x/y/1", .direct, .live), ("http://h/movie/x/y/1", .direct, .vod),
    ("http://h/series/x/y/1", .direct, .vod), ("http://h/Timeshift/x", .direct, .vod),
    ("http://h/ch?profile=pass", .direct, .live), ("http://h/ch?profile=pass&x", .hls, .live),
    ("http://h/channel", .hls, .live), ("http://h/channel?f=a.ts", .hls, .live),
    ("http://h/live/x.m3u8", .hls, .hls),
  ])
  func words(text: String, type: StreamType, kind: SourceCategory) throws {
    let url = try SourceURL(text)
    #expect(url.streamType == type)
    #expect(url.category(isTranscoded: false) == kind)
    #expect(url.category(isTranscoded: true).rawValue == "Transcoding")
  }
}
