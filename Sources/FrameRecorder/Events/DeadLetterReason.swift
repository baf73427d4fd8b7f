internal import FrameEncoding

/// Why a frame is in the dead letters; the raw values are what operators read there.
package enum DeadLetterReason: String, CaseIterable, Sendable {
  /// No JSON, no object, or over 16 KiB.
  case json
  /// A field is missing, empty, of a wrong type, too long, or no time; the detail names it.
  case invalid
  /// Outside the client's folder, `..`, or no regular file.
  case path
  /// `gs://` or `s3://` without that adapter.
  case unsupportedStorage = "unsupported-storage"
  /// There is no file after `FRAMES_FILE_WAIT_SECONDS`.
  case missing
  /// Zero bytes.
  case empty
  /// Neither a JPEG's signature nor a PNG's.
  case notAnImage = "not-an-image"
  /// No picture comes out of it, or with `FRAMES_TRUNCATED=drop` one without an end marker.
  case undecodable
  /// Over `FRAMES_MAX_FRAME_BYTES` or `FRAMES_MAX_PIXELS`.
  case tooLarge = "too-large"
  /// Another raw client id has this folder.
  case clientCollision = "client-collision"
  /// An encoder crashes or hangs on exactly this frame.
  case decoderCrash = "decoder-crash"
  /// The batch could not be encoded, frame by frame neither.
  case encoderFailed = "encoder-failed"

  /// There is no event.
  var isUnreadable: Bool {
    switch self {
    case .json, .invalid: true
    case .path, .unsupportedStorage, .missing, .empty, .notAnImage, .undecodable, .tooLarge, .clientCollision,
      .decoderCrash, .encoderFailed:
      false
    }
  }

  /// What the encoder found.
  init(_ fault: FrameFault) {
    switch fault {
    case .empty: self = .empty
    case .notAnImage: self = .notAnImage
    case .undecodable: self = .undecodable
    case .tooLarge: self = .tooLarge
    case .missing: self = .missing
    case .path: self = .path
    }
  }
}
