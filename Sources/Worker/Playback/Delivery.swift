internal import Cluster
internal import Transcoding

/// What a client of /stream/{id} gets (api.md §4.5).
enum Delivery: Equatable {
  /// MPEG-TS: the log itself.
  case log
  /// Another container, made of the log for each client.
  case copy(OutputFormat)
  /// Codecs that MPEG-TS cannot carry: a transcode for each client.
  case transcode(OutputFormat)

  init(_ kind: StreamKind) {
    guard case .transcoded(let transcode) = kind, let format = try? OutputFormat(name: transcode.outputFormat) else {
      self = .log
      return
    }
    switch format {
    case .mpegts, .hls: self = .log
    case .mp4, .matroska, .flv, .adts, .mp3: self = .copy(format)
    case .webm, .ogg: self = .transcode(format)
    }
  }

  /// Whether there is a log, and with it HLS.
  var hasLog: Bool {
    switch self {
    case .log, .copy: true
    case .transcode: false
    }
  }

  var contentType: String {
    switch self {
    case .log: OutputFormat.mpegts.contentType
    case .copy(let format), .transcode(let format): format.contentType
    }
  }
}
