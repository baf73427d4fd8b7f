/// What a frame may be.
package struct FrameLimits: Equatable, Sendable {
  /// Most bytes of a file.
  package var maxBytes: Int
  /// Most pixels that its header may announce.
  package var maxPixels: Int
  /// Whether a JPEG without end marker is kept with what decodes of it, the rest black.
  package var keepsTruncated: Bool

  package init(maxBytes: Int = 16 << 20, maxPixels: Int = 50_000_000, keepsTruncated: Bool = true) {
    self.maxBytes = maxBytes
    self.maxPixels = maxPixels
    self.keepsTruncated = keepsTruncated
  }
}
