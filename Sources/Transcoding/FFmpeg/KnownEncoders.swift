/// What the server knows of video encoders.
enum KnownEncoders {
  /// Encoders that begin a new random access point at a forced key frame, and the options they need for it: without
  /// them the frame is an I-frame that later frames may look past.
  static let forcingKeyFrames: [String: [String]] = [
    "libx264": [], "h264": [], "libx264rgb": [],
    "libx265": ["-forced-idr", "1"], "hevc": ["-forced-idr", "1"],
    "h264_nvenc": ["-forced-idr", "1"], "hevc_nvenc": ["-forced-idr", "1"],
    "h264_qsv": ["-forced_idr", "1"], "hevc_qsv": ["-forced_idr", "1"],
    "h264_vaapi": [], "hevc_vaapi": [],
    "mpeg2video": [], "mpeg4": [],
  ]
}
