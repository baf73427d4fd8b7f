/// The source as FFmpeg opens it.
package struct FFmpegInput: Sendable, Equatable {
  /// What the source sends, as far as is known before FFmpeg opens it.
  package enum Kind: Sendable, Equatable {
    /// A live transport stream, or nothing known that speaks against it.
    case liveTransportStream
    /// A playlist (`#EXTM3U`).
    case hls
    /// A film: announced length, or a name that says so.
    case file
  }

  package let url: SourceURL
  package let kind: Kind
  package let userAgent: String
  package let headers: SourceHeaders

  /// `kind`: nil if nobody has looked, then the name decides.
  package init(url: SourceURL, kind: Kind? = nil, userAgent: String, headers: SourceHeaders = .none) {
    self.url = url
    self.kind = kind ?? Self.kind(of: url)
    self.userAgent = userAgent
    self.headers = headers
  }

  private static func kind(of url: SourceURL) -> Kind {
    switch url.category(isTranscoded: false) {
    case .hls: .hls
    case .vod: .file
    case .live, .transcoding: .liveTransportStream
    }
  }

  /// Whether the body can be used without an FFmpeg that makes MPEG-TS of it.
  package var needsCopy: Bool { kind == .hls || !url.scheme.isHTTP }
}
