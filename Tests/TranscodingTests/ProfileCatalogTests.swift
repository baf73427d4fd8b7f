import Foundation
import Testing

@testable import Transcoding

@Suite struct ProfileCatalogTests {
  private let url: SourceURL
  private let catalog = ProfileCatalog()

  init() throws { url = try SourceURL("http://h/live/a.ts") }

  private func render(
    _ profile: String?, _ variables: [String: String] = [:], format: String? = nil
  ) throws -> RenderedProfile {
    try catalog.render(ProfileRequest(url: url, profile: profile, variables: variables, outputFormat: format))
  }

  @Test func theReplyOfTheContract() throws {
    let profile = try render("720p")
    #expect(
      profile.arguments == [
        "-i", "http://h/live/a.ts", "-c:v", "libx264", "-preset", "faster", "-vf", "scale=1280:720", "-b:v", "2500k",
        "-c:a", "aac", "-b:a", "128k", "-f", "mpegts", "pipe:1",
      ])
    #expect(
      profile.variables == ["input_url": "http://h/live/a.ts", "output_args": "pipe:1", "format": "mpegts"])
    #expect(profile.name == "720p")
    #expect(profile.format == .mpegts)
    #expect(profile.isPlainBuiltIn)
  }

  @Test func builtInsAndTheirDescriptions() {
    #expect(catalog.names == ["default", "hq", "lowlatency", "720p", "1080p", "hevc", "audio"])
    #expect(
      catalog.listing.map(\.description) == [
        "Default profile with hardware acceleration", "High quality transcoding", "Low latency streaming",
        "720p transcoding", "1080p transcoding", "HEVC/H.265 encoding", "Audio only transcoding",
      ])
    #expect(
      catalog.listing[0].parameters == "-i {input_url} -c:v libx264 -preset faster -b:v {video_bitrate|2M} -c:a aac "
        + "-b:a {audio_bitrate|128k} -f {format|mp4} {output_args|}")
    #expect(catalog.listing[6].variables.map(\.name) == ["input_url", "audio_bitrate", "format", "output_args"])
  }

  @Test func unknownProfile() {
    #expect {
      try render("nope")
    } throws: { error in
      (error as? ProfileError)?.code == "profile-unknown"
        && (error as? ProfileError)?.detail
          == "Profile 'nope' not found. Available profiles: default, hq, lowlatency, 720p, 1080p, hevc, audio"
    }
  }

  @Test func absentProfileIsDefault() throws {
    #expect(try render(nil).name == "default")
    #expect(try render("").name == "default")
  }

  @Test(
    arguments: [
      ("720p", nil, [:], OutputFormat.mpegts), ("720p", "hls", [:], .hls), ("720p", "mkv", [:], .matroska),
      ("720p", nil, ["format": "mp4"], .mp4), ("audio", "aac", [:], .adts), ("audio", "ts", [:], .mpegts),
      ("-i {input_url} -c copy -f mp4 pipe:1", nil, [:], .mp4),
      ("-i {input_url} -c copy -f mp4 pipe:1", "ts", [:], .mp4),
      ("-i {input_url} -c copy -f mpegts pipe:1", "hls", [:], .hls),
      ("-i {input_url} -c copy -f mpegts pipe:1", "flv", [:], .flv),
      ("-i {input_url} -c copy pipe:1", nil, [:], .mpegts),
      ("-i {input_url} -c copy index.m3u8", nil, [:], .hls),
      ("-i {input_url} -c copy -hls_time 4 pipe:1", nil, [:], .hls),
      ("-i {input_url} -c copy -f hls pipe:1", "mp4", [:], .hls),
    ] as [(String, String?, [String: String], OutputFormat)])
  func outputFormat(profile: String, format: String?, variables: [String: String], expected: OutputFormat) throws {
    #expect(try render(profile, variables, format: format).format == expected)
  }

  @Test func unsupportedFormats() {
    for format in ["avi", "tee", "mpegts;x"] {
      #expect(throws: ProfileError.formatUnsupported(format)) { try render("720p", format: format) }
    }
    #expect(throws: ProfileError.formatUnsupported("avi")) { try render("720p", ["format": "avi"]) }
    #expect(throws: ProfileError.formatUnsupported("avi")) { try render("-i {input_url} -c copy -f avi pipe:1") }
  }

  @Test func segmentParameters() throws {
    let profile = try render("-i {input_url} -c copy -f hls -hls_time 4.5 -hls_list_size 0 x.m3u8")
    #expect(profile.segmentSeconds == 4.5)
    #expect(profile.listSize == .max)
    #expect(try render("-i {input_url} -c copy -f hls -hls_list_size 7 x.m3u8").listSize == 7)
    #expect(try render("720p", format: "hls").listSize == nil)
  }

  // MARK: The operator's file

  private static func parse(_ text: String, name: String = "p.yaml") throws -> ProfileCatalog {
    try ProfileFile.parse(Array(text.utf8), name: name)
  }

  @Test func operatorsProfiles() throws {
    let catalog = try Self.parse(
      """
      profiles:
        # a comment
        4k:
          description: "Four K"
          template: -i {input_url} -c:v libx265 -vf scale=3840:2160 -b:v {video_bitrate|12M} -f mpegts {output_args}
        720p:
          args: [-i, "{input_url}", -vf, "drawtext=text='a b'", -c:a, copy, -f, mpegts, pipe:1]
      """)
    #expect(catalog.names == ["default", "hq", "lowlatency", "720p", "1080p", "hevc", "audio", "4k"])
    let mine = try catalog.render(ProfileRequest(url: url, profile: "720p"))
    #expect(mine.origin == .operatorFile)
    #expect(!mine.isPlainBuiltIn)
    #expect(mine.canonicalArguments.contains("drawtext=text='a b'"))
    let big = try catalog.render(ProfileRequest(url: url, profile: "4k", variables: ["video_bitrate": "9M"]))
    #expect(big.arguments.contains("9M"))
    #expect(catalog.listing.last?.description == "Four K")
    #expect(throws: ProfileError.self) {
      try catalog.render(ProfileRequest(url: url, profile: "4k", variables: ["video_bitrate": "9M -y"]))
    }
  }

  @Test func json() throws {
    let text = #"{"profiles":{"x":{"description":"d","template":"-i {input_url} -c copy {output_args}"}}}"#
    #expect(try Self.parse(text, name: "p.json").names.last == "x")
  }

  @Test(arguments: ["", "# nothing\n", "profiles:\n", "profiles: {}\n"])
  func anEmptyFileAddsNothing(text: String) throws {
    #expect(try Self.parse(text) == ProfileCatalog())
  }

  @Test(
    arguments: [
      ("profiles: [a]", nil, "'profiles' must be a mapping"), ("- a", nil, "must be a mapping"),
      ("profile: {}", nil, "unknown key 'profile'"), ("profiles: {a: 1}", "a", "must be a mapping"),
      ("profiles: {a: {}}", "a", "'template' or 'args' is missing"), ("profiles: {a: {x: 1}}", "a", "unknown key 'x'"),
      ("profiles: {-a: {template: x}}", "-a", "name"),
      ("profiles: {a: {description: [], template: x}}", "a", "description"),
      ("profiles: {a: {template: '-i x pipe:1'}}", "a", "exactly once"),
      ("profiles: {a: {template: '-i {input_url} -c copy'}}", "a", "no output"),
      ("profiles: {a: {template: '-i {input_url} -c copy a b'}}", "a", "one output"),
      ("profiles: {a: {template: '-i {input_url} pipe:1', args: [x]}}", "a", "not both"),
      ("profiles: {a: {args: [[x]]}}", "a", "list of texts"),
      ("profiles: {a: {args: [-i, '{input_url}', '{x', 'pipe:1']}}", "a", "brace"),
      ("profiles:\n  a: {template: x}\n  a: {template: y}\n", nil, "line 3: the key 'a' is there twice"),
      ("profiles: {a: \n\t- x", nil, "line 2"),
    ] as [(String, String?, String)])
  func mistakesAreNamed(text: String, profile: String?, reason: String) {
    #expect {
      try Self.parse(text)
    } throws: { error in
      guard let error = error as? ProfileFileError else { return false }
      return error.file == "p.yaml" && error.profile == profile && error.description.contains(reason)
    }
  }

  @Test func missingFiles() throws {
    #expect(try ProfileFile.load(path: "/nonexistent/p.yaml", required: false) == ProfileCatalog())
    #expect(throws: ProfileFileError.self) { try ProfileFile.load(path: "/nonexistent/p.yaml", required: true) }
  }

  @Test func theExampleOfTheRepositoryIsValid() throws {
    let path = #filePath.replacing("Tests/TranscodingTests/ProfileCatalogTests.swift", with: "config/profiles.yaml")
    #expect(try ProfileFile.load(path: path, required: true) == ProfileCatalog())
    // What is commented out must be right as well, for whoever takes the marks away.
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let examples = text.split(separator: "\n").filter { $0.hasPrefix("#  ") }.map { $0.dropFirst() }
    let catalog = try Self.parse("profiles:\n" + examples.joined(separator: "\n"))
    #expect(catalog.names.count == ProfileCatalog().names.count + 2)
  }
}
