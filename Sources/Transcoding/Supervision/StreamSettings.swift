package import MediaLog

/// The settings that streams follow (api.md §5).
package struct StreamSettings: Sendable {
  package var supervision = SupervisionRule.Settings()
  /// Nil: live sources may be as slow as they like (ENABLE_BITRATE_MONITORING).
  package var bitrate: BitrateRule.Settings?
  /// BUFFER_SECONDS, BUFFER_BYTES, and what HLS needs of them.
  package var window = WindowLimits(seconds: 30, bytes: 33_554_432)
  package var hlsSegmentSeconds = 2.0
  package var hlsListSize = 10
  /// SHARED_STREAM_GRACE, or SHARED_STREAM_TIMEOUT.
  package var idleGrace = Duration.seconds(3)
  /// How long another worker's stream is followed without a reader or a request here.
  package var followPatience = Duration.seconds(10)
  /// FFMPEG_KILL_GRACE.
  package var killGrace = Duration.seconds(5)
  package var ffmpegMemoryBytes: UInt64?
  /// FIRST_BYTE_TIMEOUT.
  package var firstByteTimeout = Duration.seconds(20)
  /// DEFAULT_CONNECTION_TIMEOUT.
  package var connectTimeout = Duration.seconds(5)
  /// CLIENT_WRITE_TIMEOUT in whole seconds.
  package var clientWriteTimeoutSeconds = 60
  /// JOIN_BEHIND in seconds.
  package var joinBehindSeconds = 0.0
  /// MAX_STREAMS and MAX_TRANSCODES running here; 0 for no limit.
  package var maxStreams = 0
  package var maxTranscodes = 0

  package init() {}
}
