import Testing
import Transcoding

@Suite struct ResolverArgumentsTests {
  @Test(
    arguments: [
      (ResolverKind.streamlink, nil, ["best"]), (.streamlink, "  ", ["best"]),
      (.ytdlp, "", ["bestvideo+bestaudio/best"]),
      (
        .streamlink, "720p,best --hls-live-edge 3 --http-header 'X-A=b c' --twitch-low-latency",
        ["720p,best", "--hls-live-edge", "3", "--http-header", "X-A=b c", "--twitch-low-latency"]
      ),
      (
        .ytdlp, "bv*[height<=720]+ba/b -S res:720 --add-header Referer:http://x/ --socket-timeout=5 --geo-bypass",
        [
          "bv*[height<=720]+ba/b", "-S", "res:720", "--add-header", "Referer:http://x/", "--socket-timeout=5",
          "--geo-bypass",
        ]
      ),
      (
        .ytdlp, "b --extractor-args youtube:player_client=web --retries infinite --referer http://x/",
        ["b", "--extractor-args", "youtube:player_client=web", "--retries", "infinite", "--referer", "http://x/"]
      ),
    ] as [(ResolverKind, String?, [String])])
  func allowed(kind: ResolverKind, text: String?, expected: [String]) throws {
    #expect(try ResolverArguments(kind: kind, text: text).arguments == expected)
  }

  @Test(arguments: [
    (ResolverKind.ytdlp, "best --exec id"), (.ytdlp, "best --config-location x"), (.ytdlp, "best -o x"),
    (.ytdlp, "--exec id"),
    (.ytdlp, "best --no-playlist=x"), (.ytdlp, "best --retries"), (.ytdlp, "best --retries --exec"),
    (.ytdlp, "best --retries 3 id"), (.ytdlp, "best --retrie 3"), (.ytdlp, "best -Sx"), (.ytdlp, "best --cookies x"),
    (.ytdlp, "best --referer /etc/passwd"), (.ytdlp, "best --add-header \"A: b\r\nC: d\""),
    (.ytdlp, "best --hls-live-edge 3"),
    (.ytdlp, "best --extractor-args ../x"), (.ytdlp, "be$st"), (.ytdlp, "best;id"), (.ytdlp, "'be st'"), (.ytdlp, "''"),
    (.streamlink, "best --player sh"), (.streamlink, "best --config x"), (.streamlink, "best --plugin-dirs x"),
    (.streamlink, "best --geo-bypass"), (.streamlink, "best --http-header x"), (.streamlink, "best --hls-live-edge x"),
    (.streamlink, "best -- x"), (.streamlink, "best 'a"), (.streamlink, String(repeating: "a", count: 201)),
  ])
  func refused(kind: ResolverKind, text: String) {
    #expect(throws: ProfileError.self) { try ResolverArguments(kind: kind, text: text) }
  }
}
