/// What all FFmpegs of a worker have in common.
package struct FFmpegSettings: Sendable, Equatable {
  /// How much FFmpeg says on standard error. Media information (`MediaInfoReader`) needs `info`.
  package enum LogLevel: String, Sendable { case error, warning, info }

  package var logLevel = LogLevel.info
  /// Silence of the source after which FFmpeg gives up by itself. Only a safety net: stalls are found sooner outside.
  package var sourceTimeout = Duration.seconds(20)
  /// Between two forced key frames (HLS_SEGMENT_SECONDS).
  package var keyFrameSeconds = 2.0
  /// `http://host:port` of the proxy that all HTTP and HTTPS of the sources goes through; nil for none.
  package var egressProxy: String?
  /// The child's PATH.
  package var searchPath = "/usr/local/bin:/usr/bin:/bin"
  package var hardware = HardwareSupport.none
  /// Whether FFmpeg's HLS demuxer has `extension_picky` (`FFmpegTools`).
  package var hasExtensionPicky = false

  package init() {}
}
