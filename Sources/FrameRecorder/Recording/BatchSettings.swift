/// What the recording of a batch goes by.
package struct BatchSettings: Sendable {
  package var session: SessionRule
  package var encoding: EncodingSettings
  /// `FRAMES_MAX_TRIES`
  package var mostTries = 3
  /// How long after its entry a frame's file may be missing (`FRAMES_FILE_WAIT_SECONDS`).
  package var fileWait = Duration.seconds(5)
  /// EXT-X-TARGETDURATION, s.
  package var target = 6
  /// Of a new device, ms (`PROCESSING_FRAME_CAPTURE_INTERVAL_SECONDS`).
  package var firstInterval: Int64 = 5_000

  package init(session: SessionRule, encoding: EncodingSettings) {
    (self.session, self.encoding) = (session, encoding)
  }

  static let longestPause = Duration.seconds(30)
  static let filePause = Duration.milliseconds(500)
}
