import Testing
import Transcoding

/// The vectors of api.md §3.
@Suite struct StreamIdentityTests {
  private let url: SourceURL
  private let identity = StreamIdentity()
  private let catalog = ProfileCatalog()

  init() throws { url = try SourceURL("http://h/live/a.ts") }

  private func render(
    _ profile: String, _ variables: [String: String] = [:], format: String? = nil
  ) throws -> RenderedProfile {
    try catalog.render(ProfileRequest(url: url, profile: profile, variables: variables, outputFormat: format))
  }

  @Test func directStreams() throws {
    #expect(identity.direct(url: url).text == "8704568ea9724300e3d14c1b28f19b6c")
    let headers = try SourceHeaders(texts: ["X-Key": "k1"])
    #expect(identity.direct(url: url, headers: headers).text == "534390aa313938ffa0759e6f6d2604c6")
  }

  @Test(arguments: [
    ("720p", nil, "681cea7897731495a08e92297a962aca"), ("720p", "mpegts", "681cea7897731495a08e92297a962aca"),
    ("720p", "ts", "681cea7897731495a08e92297a962aca"), ("720p", "hls", "d9b65f428a03ceb7c019db47cd3b329d"),
    ("720p", "m3u8", "d9b65f428a03ceb7c019db47cd3b329d"), ("default", nil, "1e6be945840d2e910cd02dc711395e46"),
    ("-i {input_url} -c copy -f mpegts pipe:1", nil, "46a8920f63ef92334d13edbf525b7a19"),
    ("  -i  '{input_url}' \"-c\" copy -f mpegts pipe:1", nil, "46a8920f63ef92334d13edbf525b7a19"),
  ])
  func transcodes(profile: String, format: String?, expected: String) throws {
    #expect(try identity.transcoded(url: url, profile: render(profile, format: format)).text == expected)
  }

  @Test func variablesMakeAnotherStream() throws {
    let id = try identity.transcoded(url: url, profile: render("720p", ["video_bitrate": "1M"]))
    #expect(id.text == "ba5973b218150cafca318548315e9b13")
    // The default's own value, and a variable that the profile does not have, change nothing.
    let same = try identity.transcoded(url: url, profile: render("720p", ["video_bitrate": "2500k", "crf": "20"]))
    #expect(same.text == "681cea7897731495a08e92297a962aca")
  }

  @Test func headersAndFormatsMakeAnotherStream() throws {
    let plain = try identity.transcoded(url: url, profile: render("720p"))
    let headers = try SourceHeaders(texts: ["X": "1"])
    #expect(try identity.transcoded(url: url, profile: render("720p"), headers: headers) != plain)
    #expect(try identity.transcoded(url: url, profile: render("720p", format: "mp4")) != plain)
    #expect(
      try identity.transcoded(url: url, profile: render("720p", format: "mkv"))
        == identity.transcoded(url: url, profile: render("720p", format: "matroska")))
  }

  @Test func resolvers() throws {
    let page = try SourceURL("https://v.example/w")
    let arguments = try ResolverArguments(kind: .ytdlp, text: nil)
    let plain = identity.resolved(url: page, resolver: arguments)
    #expect(plain.text == "3eb338db077f5b5936be384cdaf6420f")
    #expect(identity.resolved(url: page, resolver: arguments, cookies: "a") != plain)
    #expect(
      identity.resolved(url: page, resolver: arguments, cookies: "a")
        != identity.resolved(url: page, resolver: arguments, cookies: "b"))
  }

  @Test func headersWithShiftedBoundariesDiffer() throws {
    let one = try SourceHeaders(texts: ["a": "b", "c": "d"])
    let other = try SourceHeaders(texts: ["a": "b1:c,1:d"])
    #expect(identity.direct(url: url, headers: one) != identity.direct(url: url, headers: other))
  }

  @Test func strategies() throws {
    let shared = StreamIdentity(strategy: .urlOnly)
    #expect(
      try shared.transcoded(url: url, profile: render("720p")) == shared.transcoded(url: url, profile: render("hq")))
    #expect(
      try shared.transcoded(url: url, profile: render("720p"))
        != shared.transcoded(url: url, profile: render("720p", format: "hls")))
    #expect(shared.direct(url: url) == identity.direct(url: url))
    let disabled = StreamIdentity(strategy: .disabled)
    #expect(disabled.direct(url: url) != disabled.direct(url: url))
    #expect(
      try disabled.transcoded(url: url, profile: render("720p"))
        != disabled.transcoded(url: url, profile: render("720p")))
    #expect(SharingStrategy(rawValue: "url_profile") == .urlProfile)
  }
}
