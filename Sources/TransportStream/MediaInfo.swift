/// What is known about the pictures and the sound of the main stream's program.
package struct MediaInfo: Equatable, Sendable {
  package var videoCodec: StreamCodec?
  package var videoSize: VideoSize?
  package var audioCodec: StreamCodec?
  /// Only for AAC (ADTS) and MPEG audio.
  package var audioChannels: Int?
  /// Hz. Only for AAC (ADTS) and MPEG audio.
  package var audioSampleRate: Int?
}
