/// The options after the input: the template's, without what the server decides, and the server's.
struct OutputOptions {
  let list: ArgumentList
  let format: OutputFormat
  /// `-hls_time` of the template.
  let segmentSeconds: Double?
  let settings: FFmpegSettings

  func arguments(timestampOffset: Duration?) -> [String] {
    let ending =
      format.isMadeFromLog
      ? Self.transportStream(timestampOffset: timestampOffset)
      : ["-flush_packets", "1", "-f", format.rawValue, "pipe:1"]
    return maps + implicitEncoders + templateOptions.flatMap(\.arguments) + keyFrames + ending
  }

  /// The form of everything that goes into the log.
  static func transportStream(timestampOffset: Duration?) -> [String] {
    var arguments = [
      "-mpegts_flags", "+initial_discontinuity+resend_headers", "-flush_packets", "1", "-muxdelay", "0",
      "-muxpreload", "0",
    ]
    if let timestampOffset { arguments += ["-output_ts_offset", seconds(timestampOffset)] }
    return arguments + ["-f", "mpegts", "pipe:1"]
  }

  /// Microseconds are exact, whatever the size.
  private static func seconds(_ duration: Duration) -> String {
    let (whole, attoseconds) = duration.components
    let micros = String(abs(attoseconds) / 1_000_000_000_000)
    let sign = whole < 0 || attoseconds < 0 ? "-" : ""
    return "\(sign)\(abs(whole)).\(String(repeating: "0", count: 6 - micros.count))\(micros)"
  }

  // MARK: The template's options

  private var templateOptions: [ArgumentList.Option] {
    list.outputOptions.compactMap { option in
      switch option.name {
      case "f": nil
      case let name where OptionNames.isWithoutEffect(name) || name.hasPrefix("hls_"): nil
      case "movflags" where format.isMadeFromLog: nil
      case "bsf" where format.isMadeFromLog: Self.withoutRawAAC(option)
      default: option
      }
    }
  }

  /// `aac_adtstoasc` is for MP4; in MPEG-TS it makes AAC that cannot be written.
  private static func withoutRawAAC(_ option: ArgumentList.Option) -> ArgumentList.Option? {
    let filters = (option.value ?? "").split(separator: ",").filter { $0 != "aac_adtstoasc" }
    var option = option
    option.value = filters.joined(separator: ",")
    return filters.isEmpty ? nil : option
  }

  // MARK: What the server adds

  /// So that a source without picture plays with a video profile, and none with five languages costs five encoders.
  private var maps: [String] {
    guard list.outputOption("map", "filter_complex") == nil else { return [] }
    let encodesVideo = !list.excludes("v") && list.encoder(of: "v") != "copy"
    let encodesAudio = !list.excludes("a") && list.encoder(of: "a") != "copy"
    guard encodesVideo || encodesAudio else { return [] }
    return (list.excludes("v") ? [] : ["-map", "0:v:0?"]) + (list.excludes("a") ? [] : ["-map", "0:a:0?"])
  }

  /// A template that names no encoder means those of its container, not those of MPEG-TS, which are of the last century.
  private var implicitEncoders: [String] {
    guard format.isMadeFromLog else { return [] }
    var arguments: [String] = []
    if !list.excludes("v"), list.encoder(of: "v") == nil { arguments += ["-c:v", "libx264"] }
    if !list.excludes("a"), list.encoder(of: "a") == nil {
      arguments += ["-c:a", format == .mp3 ? "libmp3lame" : "aac"]
    }
    return arguments
  }

  /// See docs/decisions/forced-key-frames.md.
  private var keyFrames: [String] {
    guard !list.excludes("v"), !setsKeyFrames else { return [] }
    let encoder = list.encoder(of: "v") ?? "libx264"
    guard format.isMadeFromLog, let extra = KnownEncoders.forcingKeyFrames[encoder] else { return [] }
    let interval = min(settings.keyFrameSeconds, segmentSeconds ?? settings.keyFrameSeconds)
    // A thousandth less: sums of binary fractions must not miss the frame at exactly the interval.
    let expression = "expr:if(isnan(prev_forced_t),1,gte(t,prev_forced_t+\(interval - 0.001)))"
    return ["-force_key_frames", expression] + extra
  }

  private var setsKeyFrames: Bool {
    if list.outputOption("g", "force_key_frames", "keyint_min") != nil { return true }
    return ["x264-params", "x264opts", "x265-params"].contains { name in
      guard let value = list.outputOption(name)?.value else { return false }
      return !Set(EncoderParameters.keys(of: value)).isDisjoint(with: ["keyint", "min-keyint"])
    }
  }
}
