/// What FFmpeg said of a stream: the `media_info` and `output_media_info` of listings (api.md §2.6). Nil where unknown.
package struct MediaInfo: Sendable, Equatable {
  package var container: String?
  /// `1920x1080`
  package var resolution: String?
  package var videoCodec: String?
  package var framesPerSecond: Double?
  package var kilobitsPerSecond: Int?
  package var audioCodec: String?
  package var audioChannels: Int?

  package init() {}
}
