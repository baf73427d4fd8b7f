/// What clients of a transcode get (api.md §4.5). The raw value is the canonical name, which is also FFmpeg's.
package enum OutputFormat: String, Sendable, CaseIterable {
  case mpegts, hls, mp4, matroska, flv, adts, mp3, webm, ogg

  private static let aliases: [String: OutputFormat] = ["ts": .mpegts, "m3u8": .hls, "mkv": .matroska, "aac": .adts]

  /// By canonical name or alias, in any case.
  package init(name: String) throws(ProfileError) {
    let lowercased = name.lowercased()
    guard let format = OutputFormat(rawValue: lowercased) ?? Self.aliases[lowercased] else {
      throw .formatUnsupported(name)
    }
    self = format
  }

  /// Whether one encoder feeds the log and each client's container is made from it. The others hold codecs that
  /// MPEG-TS cannot carry, and take one FFmpeg per client.
  package var isMadeFromLog: Bool { self != .webm && self != .ogg }

  /// The last word in the ids of built-in profiles (api.md §3).
  package var mode: String { self == .hls ? "hls" : "direct" }

  /// Of the body at /stream/{id} (api.md §1.6).
  package var contentType: String {
    switch self {
    case .mpegts: "video/mp2t"
    case .hls: "application/vnd.apple.mpegurl"
    case .mp4: "video/mp4"
    case .matroska: "video/x-matroska"
    case .flv: "video/x-flv"
    case .adts: "audio/aac"
    case .mp3: "audio/mpeg"
    case .webm: "video/webm"
    case .ogg: "video/ogg"
    }
  }
}
