internal import FrameEncoding

/// Why a frame gives no picture.
enum FrameError: Error {
  /// The frame's own fault: the others go on without it.
  case bad(FrameFault, String)
  /// Nobody's fault, or everybody's: the job cannot go on.
  case failed(EncodeFailure)
}
