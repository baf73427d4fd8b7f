import TestKit
import Testing

@Suite struct RegistrationTests {
  private static let agent =
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/115.0.0.0 Safari/537.36"

  @Test func repliesAreThoseOfTheContract() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker()
      let direct = try await worker.post(
        "/streams",
        json: #"{"url":"http://h/live/a.ts","failover_urls":["http://h/live/b.ts"],"metadata":{"id":"7","flag":true}}"#)
      let id = "8704568ea9724300e3d14c1b28f19b6c"
      #expect(direct.status == 200)
      #expect(
        direct.text == """
          {"stream_id":"\(id)","primary_url":"http://h/live/a.ts","failover_urls":["http://h/live/b.ts"],\
          "user_agent":"\(Self.agent)","stream_type":"direct","stream_endpoint":"/stream/\(id)",\
          "playlist_url":"/stream/\(id)","direct_url":"/stream/\(id)",\
          "message":"Stream created successfully (direct)","metadata":{"flag":"True","id":"7"},"reused":false}
          """)
      let transcoded = try await worker.post(
        "/transcode", json: #"{"url":"http://h/live/a.ts","profile":"720p","metadata":{"id":"c1"}}"#)
      let other = "681cea7897731495a08e92297a962aca"
      #expect(
        transcoded.text == """
          {"stream_id":"\(other)","primary_url":"http://h/live/a.ts","failover_urls":[],"user_agent":"\(Self.agent)",\
          "stream_type":"transcoded","stream_endpoint":"/stream/\(other)","playlist_url":null,\
          "direct_url":"/stream/\(other)","format":"mpegts","profile":"720p",\
          "profile_variables":{"input_url":"http://h/live/a.ts","output_args":"pipe:1","format":"mpegts"},\
          "ffmpeg_args":["-i","http://h/live/a.ts","-c:v","libx264","-preset","faster","-vf","scale=1280:720",\
          "-b:v","2500k","-c:a","aac","-b:a","128k","-f","mpegts","pipe:1"],\
          "message":"Transcoded stream created successfully (direct MPEGTS pipe)","metadata":{"id":"c1"},"reused":false}
          """)
      let shown = try await worker.get("/streams/\(other)").json()["stream"] as? [String: Any]
      #expect(
        shown?["metadata"] as? [String: String] == [
          "transcoding": "true", "profile": "720p", "id": "c1",
          "profile_variables": #"{"input_url":"http://h/live/a.ts","output_args":"pipe:1","format":"mpegts"}"#,
          "ffmpeg_args": "-i http://h/live/a.ts -c:v libx264 -preset faster -vf scale=1280:720 -b:v 2500k -c:a aac "
            + "-b:a 128k -f mpegts pipe:1",
        ])
      #expect(shown?["stream_type"] as? String == "Transcoding" && shown?["profile"] as? String == "720p")
    }
  }

  /// Body, target, and what the reply has.
  private static let requests: [(target: String, body: String, reply: [String: String])] = [
    (
      "/streams", #""headers":{"X-Key":"k1"}"#,
      ["stream_id": "534390aa313938ffa0759e6f6d2604c6", "stream_type": "direct"]
    ),
    (
      "/streams", #""headers":[],"metadata":[],"failover_urls":null,"user_agent":"","unknown":{"a":[1]}"#,
      ["stream_id": "8704568ea9724300e3d14c1b28f19b6c", "user_agent": agent]
    ),
    (
      "/transcode", #""profile":"720p","output_format":"hls""#,
      [
        "stream_id": "d9b65f428a03ceb7c019db47cd3b329d", "format": "hls",
        "stream_endpoint": "/hls/d9b65f428a03ceb7c019db47cd3b329d/playlist.m3u8",
        "playlist_url": "/hls/d9b65f428a03ceb7c019db47cd3b329d/playlist.m3u8",
        "message": "Transcoded stream created successfully (HLS output)",
      ]
    ),
    ("/transcode", #""profile":null,"profile_variables":[]"#, ["stream_id": "1e6be945840d2e910cd02dc711395e46"]),
    (
      "/transcode", #""profile":"-i {input_url} -c copy -f mpegts pipe:1""#,
      ["stream_id": "46a8920f63ef92334d13edbf525b7a19", "profile": "custom"]
    ),
    (
      "/transcode", #""profile":"720p","profile_variables":{"video_bitrate":"1M"}"#,
      ["stream_id": "ba5973b218150cafca318548315e9b13", "profile": "720p"]
    ),
    ("/transcode", #""profile":"hq","profile_variables":{"crf":21,"x":true,"y":null}"#, ["profile": "hq"]),
  ]

  @Test func idsAndEndpointsFollowTheRequest() async throws {
    try await withFixture { fixture in
      let worker = try await fixture.worker()
      for (target, body, expected) in Self.requests {
        // As curl -d sends it.
        let made = try await worker.post(
          target, json: "{\"url\":\"http://h/live/a.ts\",\(body)}",
          headers: ["Content-Type": "application/x-www-form-urlencoded"])
        #expect(made.status == 200, "\(body): \(made.text)")
        let reply = try made.json()
        for (name, value) in expected { #expect(reply[name] as? String == value, "\(body): \(name)") }
        #expect(reply["metadata"] == nil && reply["reused"] as? Bool == false)
      }
      let hq = try await worker.post(
        "/transcode", json: #"{"url":"http://h/a","profile":"hq","profile_variables":{"crf":21,"x":true,"y":null}}"#)
      let variables =
        #""profile_variables":{"input_url":"http://h/a","output_args":"pipe:1","format":"mpegts","crf":"21","x":"true"}"#
      #expect(hq.text.contains(variables))
      let profiles = try await worker.get("/transcode/profiles").json()
      let names = (profiles["profiles"] as? [[String: String]])?.map { $0["name"] }
      #expect(names == ["default", "hq", "lowlatency", "720p", "1080p", "hevc", "audio"])
      #expect(
        (profiles["profiles"] as? [[String: String]])?.allSatisfy {
          $0.keys.sorted() == ["description", "name", "parameters"]
        } == true)
      #expect(
        profiles["default_variables"] as? [String: String] == [
          "input_url": "", "output_args": "", "video_bitrate": "2M", "audio_bitrate": "128k", "format": "mp4",
          "crf": "23",
        ])
    }
  }

  @Test func withOneIDForAURLTheFirstProfileWinsAndTheReplyShowsIt() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let worker = try await fixture.worker(["STREAM_SHARING_STRATEGY": "url_only"])
      let url = source.url("/live.ts")
      let first = try await worker.post(
        "/transcode", json: "{\"url\":\"\(url)\",\"profile\":\"-i {input_url} -c copy -f mpegts pipe:1\"}"
      ).json()
      let id = try #require(first["stream_id"] as? String)
      let viewer = try await fixture.capture(worker, "/stream/\(id)")
      try await viewer.waitFor(bytes: 1000)
      let second = try await worker.post("/transcode", json: "{\"url\":\"\(url)\",\"profile\":\"720p\"}").json()
      #expect(second["stream_id"] as? String == id && second["reused"] as? Bool == true)
      #expect(second["profile"] as? String == "custom")
      #expect(second["ffmpeg_args"] as? [String] == ["-i", url, "-c", "copy", "-f", "mpegts", "pipe:1"])
      #expect(worker.ffmpegs.count == 1)
    }
  }

  @Test func withoutSharingEachRequestHasAnIDOfItsOwn() async throws {
    try await withFixture { fixture in
      for (setting, value, isDirectShared) in [
        ("STREAM_SHARING_STRATEGY", "disabled", false), ("ENABLE_REDIS_POOLING", "false", true),
      ] {
        let worker = try await fixture.worker([setting: value])
        for (target, isShared) in [("/streams", isDirectShared), ("/transcode", false)] {
          var ids: Set<String> = []
          for _ in 0..<2 {
            let made = try await worker.post(target, json: #"{"url":"http://h/live/a.ts"}"#).json()
            ids.insert(try #require(made["stream_id"] as? String))
          }
          #expect(ids.count == (isShared ? 1 : 2), "\(setting) \(target)")
          #expect(ids.allSatisfy { $0.wholeMatch(of: /[0-9a-f]{32}/) != nil })
        }
      }
    }
  }

  @Test func withoutClientsTheNextRequestIsInForceAlsoWhileTheSourceIsStillOpen() async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let worker = try await fixture.worker(["SHARED_STREAM_GRACE": "60"])
      func play(_ agent: String, _ metadata: String) async throws {
        let made = try await worker.post(
          "/streams",
          json:
            "{\"url\":\"\(source.url("/live.ts"))\",\"user_agent\":\"\(agent)\",\"metadata\":{\"a\":\"\(metadata)\"}}"
        ).json()
        #expect(made["reused"] as? Bool == false)
        let id = try #require(made["stream_id"] as? String)
        let viewer = try await worker.capture("/stream/\(id)")
        try await viewer.waitFor(bytes: 1000)
        try await viewer.stop()
        try await eventually("the viewer to be counted out") {
          try await worker.get("/clients").json()["total_clients"] as? Int == 0
        }
      }
      try await play("first", "1")
      try await play("first", "2")
      #expect(source.requests("/live.ts").compactMap { $0.head["User-Agent"] } == ["first"])
      try await play("second", "3")
      #expect(source.requests("/live.ts").compactMap { $0.head["User-Agent"] } == ["first", "second"])
      #expect(source.openConnections("/live.ts") == 1)
    }
  }
}
