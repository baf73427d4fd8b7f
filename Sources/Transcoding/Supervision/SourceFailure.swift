/// Why a source gave no media, or no more.
package enum SourceFailure: Error, Sendable, Equatable {
  /// No connection: the name, the address, the port, TLS.
  case connectFailed(String)
  /// An address that the policy does not allow.
  case refused(String)
  /// An HTTP status other than 2xx.
  case httpStatus(Int)
  /// Connected, and then silence: no first byte, or none for the stall time.
  case silent
  /// It works, but sends too little; says how much.
  case slow(String)
  /// What came is no MPEG-TS, or no programme in it.
  case notMedia(String)
  /// What came is a playlist: FFmpeg reads it from now on.
  case isPlaylist
  /// The connection ended.
  case closed
  /// FFmpeg ended by itself.
  case ffmpegExited(code: Int32, lastLine: String?)
  /// FFmpeg could not be started at all.
  case ffmpegMissing(String)
  /// The stream's owner, another worker, has given it up and says why.
  case elsewhere(String)

  /// A repetition cannot help: the next URL at once.
  package var isFinal: Bool {
    switch self {
    case .httpStatus(let status): (400..<500).contains(status) && status != 408 && status != 429
    case .refused, .ffmpegMissing: true
    case .connectFailed, .silent, .slow, .notMedia, .isPlaylist, .closed, .ffmpegExited, .elsewhere: false
    }
  }

  /// For people; without URL and credentials.
  package var reason: String {
    switch self {
    case .connectFailed(let text): text
    case .refused(let text): text
    case .httpStatus(let status): "HTTP status \(status)"
    case .silent: "no data"
    case .slow(let text): "too slow: \(text)"
    case .notMedia(let text): text
    case .isPlaylist: "a playlist, to be read by FFmpeg"
    case .closed: "the connection was closed"
    case .ffmpegExited(let code, let line): "FFmpeg exited with code \(code)" + (line.map { ": \($0)" } ?? "")
    case .ffmpegMissing(let text), .elsewhere(let text): text
    }
  }

  /// The word for metrics and events (api.md §2.8).
  package var word: String {
    switch self {
    case .connectFailed, .refused: "connect_failed"
    case .httpStatus: "http_status"
    case .silent: "stalled"
    case .slow: "slow"
    case .notMedia, .isPlaylist: "not_media"
    case .closed: "closed"
    case .ffmpegExited, .ffmpegMissing: "ffmpeg_exited"
    case .elsewhere: "closed"
    }
  }
}
