internal import Cluster
internal import TransportStream

/// What FFmpeg's own lines tell of a source: codecs and size, and whether it has an end.
struct InputReport {
  private var reader = MediaInfoReader()
  private(set) var isFinite = false
  private(set) var lastTrouble: String?
  /// The last HTTP error status that FFmpeg got.
  private(set) var httpStatus: Int?

  /// Takes one line. Answers whether the media information has changed.
  mutating func take(_ text: String) -> Bool {
    let line = FFmpegLogLine(text)
    if line.isTrouble { lastTrouble = line.text }
    if line.isTrouble, let status = Self.httpStatus(in: line.text) { httpStatus = status }
    let words = line.text.drop { $0 == " " }
    if words.hasPrefix("Duration: "), !isFinite { isFinite = !words.hasPrefix("Duration: N/A") }
    let before = reader
    reader.take(line.text)
    return reader.input != before.input || reader.output != before.output
  }

  /// Of `[http @ 0x…] HTTP error 404 Not Found`.
  private static func httpStatus(in text: String) -> Int? {
    let words = text.split(separator: " ")
    guard let place = words.firstIndex(of: "HTTP"), words.count > place + 2, words[place + 1] == "error" else {
      return nil
    }
    return Int(words[place + 2]).flatMap { (300..<600).contains($0) ? $0 : nil }
  }

  var inputFields: [String: MediaProperty] { reader.input.fields }
  var outputFields: [String: MediaProperty] { reader.output.fields }
}

extension MediaInfo {
  /// The members of `media_info` (api.md §2.6).
  var fields: [String: MediaProperty] {
    var fields: [String: MediaProperty] = [:]
    fields["container"] = container.map { .text($0) }
    fields["resolution"] = resolution.map { .text($0) }
    fields["video_codec"] = videoCodec.map { .text($0) }
    fields["fps"] = framesPerSecond.map { .number($0) }
    fields["bitrate_kbps"] = kilobitsPerSecond.map { .integer($0) }
    fields["audio_codec"] = audioCodec.map { .text($0) }
    fields["audio_channels"] = audioChannels.map { .integer($0) }
    return fields
  }
}

extension FFmpegProgress.Report {
  /// What progress adds to `output_media_info`.
  var fields: [String: MediaProperty] {
    var fields: [String: MediaProperty] = [:]
    fields["fps"] = framesPerSecond.map { .number($0) }
    fields["speed"] = speed.map { .number($0) }
    fields["bitrate_kbps"] = bitsPerSecond.map { .integer(Int($0 / 1000)) }
    return fields
  }
}

extension MediaInfo {
  /// What the transport stream itself tells, where no FFmpeg looked at the source.
  init(_ info: TransportStream.MediaInfo) {
    self.init()
    container = "mpegts"
    resolution = info.videoSize.map { "\($0.width)x\($0.height)" }
    videoCodec = info.videoCodec?.rawValue
    audioCodec = info.audioCodec?.rawValue
    audioChannels = info.audioChannels
  }
}
