/// One FFmpeg as it is really run: everything it reads comes from its input, everything it makes goes to descriptor 1,
/// its progress to descriptor 3.
package struct FFmpegCommand: Sendable, Equatable {
  /// After the program's name.
  package let arguments: [String]
  /// The whole environment of the child.
  package let environment: [String: String]

  /// A transcode. `timestampOffset`: where a stream that was running goes on; nil at its first start.
  package static func transcode(
    _ profile: RenderedProfile, input: FFmpegInput, settings: FFmpegSettings, timestampOffset: Duration? = nil
  ) -> FFmpegCommand {
    var list = profile.list
    if profile.origin == .builtIn { list = HardwareForm(settings.hardware).rewrite(list) }
    let output = OutputOptions(
      list: list, format: profile.format, segmentSeconds: profile.segmentSeconds, settings: settings)
    return FFmpegCommand(
      input: input, template: list.inputOptions, output: output.arguments(timestampOffset: timestampOffset),
      settings: settings)
  }

  /// MPEG-TS of a source that is something else, without encoding: HLS, RTSP, RTMP, UDP, SRT.
  package static func copy(
    _ input: FFmpegInput, settings: FFmpegSettings, timestampOffset: Duration? = nil
  ) -> FFmpegCommand {
    // FFmpeg's own choice of streams suits a playlist with variants: the best picture and one sound, while "all audio"
    // would download every variant. Other sources have one programme: its picture and all its languages.
    let maps = input.kind == .hls ? ["-sn", "-dn"] : ["-map", "0:v:0?", "-map", "0:a?"]
    let output =
      maps + ["-c", "copy"] + OutputOptions.transportStream(timestampOffset: timestampOffset)
    return FFmpegCommand(input: input, template: [], output: output, settings: settings)
  }

  /// A client's container, made by stream copy from the log: MPEG-TS on descriptor 0. Nil for formats that are the log
  /// itself or that it cannot hold. `audioCodec`: what the log holds (`MediaInfo.audioCodec` of the output).
  package static func remux(to format: OutputFormat, audioCodec: String?, settings: FFmpegSettings) -> FFmpegCommand? {
    guard let container = ContainerOptions(format: format, audioCodec: audioCodec)?.arguments else { return nil }
    let input = [
      "-protocol_whitelist", "pipe", "-analyzeduration", "1000000", "-probesize", "1000000", "-fflags", "+genpts",
      "-f", "mpegts", "-i", "pipe:0",
    ]
    return FFmpegCommand(
      arguments: start(settings) + input + container + ["-flush_packets", "1", "-f", format.rawValue, "pipe:1"],
      environment: ChildEnvironment.values(settings))
  }

  private init(arguments: [String], environment: [String: String]) {
    self.arguments = arguments
    self.environment = environment
  }

  private init(
    input: FFmpegInput, template: [ArgumentList.Option], output: [String], settings: FFmpegSettings
  ) {
    self.init(
      arguments: Self.start(settings) + InputOptions(input: input, template: template, settings: settings).arguments
        + output,
      environment: ChildEnvironment.values(settings))
  }

  private static func start(_ settings: FFmpegSettings) -> [String] {
    [
      "-nostdin", "-hide_banner", "-nostats", "-loglevel", "level+\(settings.logLevel.rawValue)",
      "-progress", "pipe:3", "-stats_period", "1",
    ]
  }
}
