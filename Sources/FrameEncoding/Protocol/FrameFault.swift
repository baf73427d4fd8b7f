/// Why a frame is in no segment. The raw value is the reason in the dead letters.
package enum FrameFault: String, CaseIterable, Sendable {
  case empty
  /// Neither signature: JPEG `FF D8 FF`, PNG.
  case notAnImage = "not-an-image"
  case undecodable
  /// Over the bytes or the pixels allowed, or more than an encoder's memory holds.
  case tooLarge = "too-large"
  case missing
  /// Outside the client's folder, out of the base by a symlink, no regular file, not permitted.
  case path
}
