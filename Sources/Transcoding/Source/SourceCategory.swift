/// The word that POST /streams answers with (api.md §2.1). Only a word: what the source sends decides.
package enum StreamType: String, Sendable {
  case hls, direct
}

/// The `stream_type` of listings (api.md §2.6).
package enum SourceCategory: String, Sendable {
  case transcoding = "Transcoding"
  case hls = "HLS"
  case vod = "VOD"
  case live = "Live Continuous"
}

extension SourceURL {
  private static let filmExtensions = [".mp4", ".mkv", ".webm", ".avi"]
  private static let filmFolders = ["/movie/", "/series/", "/timeshift/"]

  /// Judged by the name alone.
  package var streamType: StreamType {
    let path = path.lowercased()
    if path.hasSuffix(".m3u8") { return .hls }
    let url = text.lowercased()
    let isDirect =
      ([".ts"] + Self.filmExtensions).contains(where: path.hasSuffix) || url.hasSuffix("?profile=pass")
      || (["/live/"] + Self.filmFolders).contains(where: url.contains)
    return isDirect ? .direct : .hls
  }

  /// `isTranscoded`: the stream's metadata has `transcoding`.
  package func category(isTranscoded: Bool) -> SourceCategory {
    if isTranscoded { return .transcoding }
    let path = path.lowercased()
    if path.hasSuffix(".m3u8") { return .hls }
    let url = text.lowercased()
    let isFilm = Self.filmExtensions.contains(where: path.hasSuffix) || Self.filmFolders.contains(where: url.contains)
    return isFilm ? .vod : .live
  }
}
