/// The output that a rendered profile and its request together ask for (api.md §4.5).
struct OutputChoice: Equatable {
  let format: OutputFormat
  let segmentSeconds: Double?
  let listSize: Int?

  /// HLS in the arguments decides; then a format the request names, other than mpegts, which clients send without
  /// meaning it; then the arguments' `-f`; then `fallback`.
  init(list: ArgumentList, requested: OutputFormat?, fallback: OutputFormat) throws(ProfileError) {
    var written: OutputFormat?
    if let name = list.outputOption("f")?.value { written = try OutputFormat(name: name) }
    let isHLS =
      written == .hls || TemplatePolicy.isPlaylistName(list.output)
      || list.outputOptions.contains { $0.name.hasPrefix("hls_") }
    if isHLS {
      format = .hls
    } else if let requested, requested != .mpegts {
      format = requested
    } else {
      format = written ?? fallback
    }
    segmentSeconds = try Self.number(list.outputOption("hls_time"), in: 0.5...60)
    listSize = try Self.number(list.outputOption("hls_list_size"), in: 0...1000).map { $0 < 1 ? Int.max : Int($0) }
  }

  private static func number(
    _ option: ArgumentList.Option?, in range: ClosedRange<Double>
  ) throws(ProfileError) -> Double? {
    guard let option, let value = option.value else { return nil }
    guard let number = Double(value), range.contains(number) else {
      throw .templateRefused(
        argument: option.arguments.joined(separator: " "),
        reason: "allowed is a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  /// Throws for an encoder whose stream the log's MPEG-TS cannot carry.
  func checkCodecs(_ list: ArgumentList) throws(ProfileError) {
    guard format.isMadeFromLog else { return }
    for type in ["v", "a"] where !list.excludes(type) {
      guard let encoder = list.encoder(of: type), Self.isForeignToTransportStreams(encoder) else { continue }
      throw .templateRefused(
        argument: "-c:\(type) \(encoder)", reason: "MPEG-TS cannot carry it; use output_format webm or ogg")
    }
  }

  private static func isForeignToTransportStreams(_ encoder: String) -> Bool {
    if encoder.hasPrefix("pcm_") || encoder.hasPrefix("av1_") || encoder.hasPrefix("libvpx") { return true }
    return [
      "vp8", "vp9", "vp8_vaapi", "vp9_vaapi", "vp9_qsv", "libaom-av1", "libsvtav1", "librav1e", "libtheora",
      "libvorbis", "vorbis", "flac", "alac", "flv", "mjpeg", "rawvideo",
    ].contains(encoder)
  }
}
