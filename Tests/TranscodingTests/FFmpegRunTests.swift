import Foundation
import Testing

@testable import Transcoding

/// The commands, run by the real FFmpeg on real media.
@Suite(.serialized, .timeLimit(.minutes(3))) struct FFmpegRunTests {
  private func settings() async throws -> FFmpegSettings {
    var settings = FFmpegSettings()
    let tools = try #require(await FFmpegTools.look { await Tool.ffmpeg($0).successfulOutput })
    settings.hasExtensionPicky = tools.hasExtensionPicky
    return settings
  }

  private func run(_ command: FFmpegCommand, input: Data? = nil, progress: String = "/dev/null") async -> ToolResult {
    await Tool.run(
      "ffmpeg", command.arguments, environment: command.environment, input: input, progress: progress)
  }

  private func transcode(
    _ profile: String, _ source: String, _ variables: [String: String] = [:], format: String? = nil,
    offset: Duration? = nil, progress: String = "/dev/null"
  ) async throws -> ToolResult {
    let fixture = try await SourceFixture.get()
    let url = try SourceURL(fixture.url(source))
    let policy = TemplatePolicy()
    let rendered = try ProfileCatalog().render(
      ProfileRequest(url: url, profile: profile, variables: variables, outputFormat: format), policy: policy)
    let command = FFmpegCommand.transcode(
      rendered, input: FFmpegInput(url: url, userAgent: "Millrace-Test/1", headers: try .init(texts: ["X-Key": "k1"])),
      settings: try await settings(), timestampOffset: offset)
    return await run(command, progress: progress)
  }

  /// Whole packets, no complaint of a decoder.
  private func checkStream(_ result: ToolResult, sourceLocation: SourceLocation = #_sourceLocation) async {
    #expect(result.status == 0, "\(result.errors)", sourceLocation: sourceLocation)
    #expect(result.bytes.count % 188 == 0, sourceLocation: sourceLocation)
    #expect(result.bytes.first == 0x47, sourceLocation: sourceLocation)
    let decoded = await Tool.run(
      "ffmpeg",
      ["-nostdin", "-hide_banner", "-loglevel", "warning", "-f", "mpegts", "-i", "pipe:0", "-f", "null", "-"],
      input: result.bytes)
    #expect(decoded.status == 0 && decoded.errors.isEmpty, "\(decoded.errors)", sourceLocation: sourceLocation)
  }

  private func probe(_ bytes: Data, _ arguments: String...) async -> [String] {
    let result = await Tool.run(
      "ffprobe", ["-loglevel", "error"] + arguments + ["-of", "csv=p=0", "pipe:0"], input: bytes)
    return (result.output ?? "").split(separator: "\n").map { $0.trimmingCharacters(in: [",", " "]) }
  }

  private func codecs(_ bytes: Data) async -> Set<String> {
    Set(await probe(bytes, "-show_entries", "stream=codec_name"))
  }

  /// Seconds between the random access points of the picture.
  private func keyFrameGaps(_ bytes: Data) async -> [Double] {
    let packets = await probe(bytes, "-select_streams", "v:0", "-show_entries", "packet=pts_time,flags")
    let times = packets.filter { $0.contains("K") }.compactMap { Double($0.prefix { $0 != "," }) }
    return zip(times, times.dropFirst()).map { $1 - $0 }
  }

  @Test func builtIn720p() async throws {
    let folder = TemporaryFolder()
    let result = try await transcode("720p", "av.ts", progress: folder.path + "/progress")
    await checkStream(result)
    #expect(await codecs(result.bytes) == ["h264", "aac"])
    #expect(
      await probe(result.bytes, "-select_streams", "v", "-show_entries", "stream=width,height").first == "1280,720")
    let gaps = await keyFrameGaps(result.bytes)
    #expect(gaps.count == 2 && gaps.allSatisfy { abs($0 - 2) < 0.002 }, "\(gaps)")
    // The first packet of the picture says that time begins anew here.
    #expect(result.bytes.prefix(188 * 10).enumerated().contains { $0.offset % 188 == 5 && $0.element & 0x80 != 0 })

    var progress = FFmpegProgress()
    let reports = progress.feed(try Data(contentsOf: folder.url("progress")))
    #expect(reports.last?.isEnd == true)
    #expect(reports.last?.frame == 150)
    #expect((reports.last?.speed ?? 0) > 0)
    var media = MediaInfoReader()
    for line in result.errors.split(separator: "\n") { media.take(FFmpegLogLine(line).text) }
    #expect(media.input.resolution == "320x180")
    #expect(media.input.framesPerSecond == 25)
    #expect(media.input.container == "mpegts")
    #expect(media.input.audioChannels == 2)
    #expect(media.output.resolution == "1280x720")
    #expect(media.output.videoCodec == "h264")
    #expect(media.output.audioCodec == "aac")
  }

  @Test func requestCarriesUserAgentAndHeaders() async throws {
    let result = try await transcode("-i {input_url} -c copy -f mpegts pipe:1", "av.ts?headers")
    await checkStream(result)
    let request = try #require(try await SourceFixture.get().requests.components(separatedBy: "/av.ts?headers").last)
    #expect(request.contains("User-Agent: Millrace-Test/1"))
    #expect(request.contains("X-Key: k1"))
  }

  @Test func keyFramesAtFractionalRatesAreNeverEarly() async throws {
    let result = try await transcode("-i {input_url} -an -c:v libx264 -preset ultrafast -f mpegts pipe:1", "ntsc.ts")
    await checkStream(result)
    let gaps = await keyFrameGaps(result.bytes)
    #expect(gaps.count == 4 && gaps.allSatisfy { (1.999..<2.05).contains($0) }, "\(gaps)")
  }

  @Test func soundOnlySourcePlaysWithAPictureProfile() async throws {
    let result = try await transcode("default", "audio.ts")
    await checkStream(result)
    #expect(await codecs(result.bytes) == ["aac"])
  }

  @Test func audioProfileLeavesThePictureOut() async throws {
    let result = try await transcode("audio", "av.ts")
    await checkStream(result)
    #expect(await codecs(result.bytes) == ["aac"])
  }

  @Test func hevcHasRandomAccessPoints() async throws {
    let result = try await transcode(
      "-i {input_url} -vf scale=96:54 -c:v libx265 -preset ultrafast -c:a copy -f mp4 pipe:1", "av.ts")
    await checkStream(result)
    #expect(await codecs(result.bytes) == ["hevc", "aac"])
    let gaps = await keyFrameGaps(result.bytes)
    #expect(gaps.count == 2 && gaps.allSatisfy { abs($0 - 2) < 0.002 }, "\(gaps)")
  }

  @Test func builtInHevc() async throws {
    let result = try await transcode("hevc", "av.ts", ["video_bitrate": "100k"])
    await checkStream(result)
    #expect(await codecs(result.bytes) == ["hevc", "aac"])
  }

  @Test func templatesForFilesComeOutAsTransportStream() async throws {
    let template =
      "-y -loglevel debug -fflags +genpts+igndts -i {input_url} -c:v copy -c:a copy -bsf:a aac_adtstoasc "
      + "-movflags +faststart -hls_time 2 -hls_segment_type fmp4 -hls_flags single_file -metadata title='a \"b\" c' x.m3u8"
    let result = try await transcode(template, "av.ts")
    await checkStream(result)
    #expect(await codecs(result.bytes) == ["h264", "aac"])
  }

  @Test func continuedTimestamps() async throws {
    let result = try await transcode("-i {input_url} -c copy -f mpegts pipe:1", "av.ts", offset: .seconds(1000))
    await checkStream(result)
    let first = await probe(result.bytes, "-show_entries", "format=start_time").first.flatMap(Double.init)
    #expect((1000...1000.2).contains(try #require(first)))
  }

  @Test func playlistWithOddSegmentNamesIsCopied() async throws {
    let fixture = try await SourceFixture.get()
    let input = FFmpegInput(url: try SourceURL(fixture.url("list.m3u8")), userAgent: "UA")
    let result = await run(.copy(input, settings: try await settings()))
    await checkStream(result)
    #expect(await codecs(result.bytes) == ["h264", "aac"])
    #expect(await keyFrameGaps(result.bytes).count == 5)
  }

  @Test func nothingGoesPastTheProxy() async throws {
    let fixture = try await SourceFixture.get()
    var settings = try await settings()
    // Nobody listens there.
    settings.egressProxy = "http://127.0.0.1:1"
    let input = FFmpegInput(url: try SourceURL(fixture.url("av.ts?proxy")), userAgent: "UA")
    let result = await run(.copy(input, settings: settings))
    #expect(result.status != 0)
    #expect(result.bytes.isEmpty)
    #expect(!fixture.requests.contains("?proxy"))
  }

  /// A playlist that names a local file gets nothing of it.
  @Test func playlistsCannotNameFiles() async throws {
    let fixture = try await SourceFixture.get()
    let file = fixture.folder.path + "/av.ts"
    for (index, target) in ["file://\(file)", file, "concat:\(file)", "subfile,,start,0,end,0,,:\(file)"].enumerated() {
      let list = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n\(target)\n#EXT-X-ENDLIST\n"
      try Data(list.utf8).write(to: fixture.folder.url("evil\(index).m3u8"))
      let input = FFmpegInput(url: try SourceURL(fixture.url("evil\(index).m3u8")), userAgent: "UA")
      let result = await run(.copy(input, settings: try await settings()))
      #expect(result.bytes.isEmpty, "\(target)")
    }
  }

  @Test(arguments: [
    (OutputFormat.mp4, "mov,mp4,m4a,3gp,3g2,mj2"), (.matroska, "matroska,webm"), (.flv, "flv"), (.adts, "aac"),
  ])
  func containersAreMadeFromTheLog(format: OutputFormat, name: String) async throws {
    let fixture = try await SourceFixture.get()
    let log = try Data(contentsOf: fixture.folder.url("av.ts"))
    let command = try #require(FFmpegCommand.remux(to: format, audioCodec: "aac", settings: FFmpegSettings()))
    let result = await run(command, input: log)
    #expect(result.status == 0, "\(result.errors)")
    // Everything came through, sound and picture.
    let decoded = await Tool.run(
      "ffmpeg", ["-nostdin", "-loglevel", "warning", "-i", "pipe:0", "-f", "null", "-progress", "pipe:1", "-"],
      input: result.bytes)
    #expect(decoded.errors.isEmpty, "\(decoded.errors)")
    #expect(decoded.output?.contains("out_time_us=6") == true)
    #expect(
      await probe(result.bytes, "-show_entries", "format=format_name").first?.trimmingCharacters(in: ["\""]) == name)
    #expect(await codecs(result.bytes).contains("aac"))
    #expect(await codecs(result.bytes).contains("h264") == (format != .adts))
  }

  @Test func mp3FromTheLog() async throws {
    let log = try await transcode("-i {input_url} -vn -c:a libmp3lame -f mp3 pipe:1", "av.ts")
    await checkStream(log)
    let command = try #require(FFmpegCommand.remux(to: .mp3, audioCodec: "mp3", settings: FFmpegSettings()))
    let result = await run(command, input: log.bytes)
    #expect(result.status == 0, "\(result.errors)")
    #expect(await codecs(result.bytes) == ["mp3"])
  }

  @Test func webmIsMadeDirectly() async throws {
    let result = try await transcode(
      "-i {input_url} -vf scale=96:54 -t 1 -c:v libvpx -b:v 100k -c:a libvorbis -f webm pipe:1", "av.ts")
    #expect(result.status == 0, "\(result.errors)")
    #expect(await codecs(result.bytes) == ["vp8", "vorbis"])
  }

  /// The allow-list compares whole names; that FFmpeg does so too is what makes it safe.
  @Test(arguments: ["-vcode", "-filter_comple", "-cod", "-metadat", "-inpu"])
  func ffmpegAcceptsNoAbbreviation(option: String) async throws {
    let fixture = try await SourceFixture.get()
    let result = await Tool.ffmpeg(
      ["-nostdin", "-loglevel", "error", "-i", fixture.folder.path + "/av.ts", option, "copy", "-f", "null", "-"])
    #expect(result.status != 0)
    #expect(result.errors.contains("Unrecognized option"))
  }

  /// Which options take a value decides what is an output: the table must be FFmpeg's.
  @Test func optionsWithoutValueAreThoseOfFFmpeg() async throws {
    let fixture = try await SourceFixture.get()
    for name in ["re", "copyts", "start_at_zero", "vn", "sn", "dn", "shortest", "nostats", "hide_banner", "y"] {
      #expect(OptionNames.takesNoValue(name))
      let isInput = name == "re"
      let result = await Tool.ffmpeg(
        ["-nostdin", "-loglevel", "error"] + (isInput ? ["-" + name] : []) + [
          "-i", fixture.folder.path + "/audio.ts", "-t", "0.1",
        ]
          + (isInput ? [] : ["-" + name]) + ["-f", "null", "-"])
      #expect(result.status == 0, "\(name): \(result.errors)")
    }
  }
}
