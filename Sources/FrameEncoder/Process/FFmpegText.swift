internal import CFFmpeg
internal import FrameEncoding

extension EncodeFailure {
  /// A refusal by libav.
  init(_ what: String, libav code: Int32) { self.init(.codec, "\(what): \(errorText(libav: code))") }
}

/// What libav calls a negative answer.
func errorText(libav code: Int32) -> String {
  withUnsafeTemporaryAllocation(of: CChar.self, capacity: 128) { buffer in
    guard let text = buffer.baseAddress, av_strerror(code, text, buffer.count) >= 0 else { return "error \(code)" }
    return String(cString: text)
  }
}
