/// One frame of a job. Its bytes are read by the encoder, never sent to it.
package struct FrameInput: Equatable, Sendable {
  /// Relative to the job's base; lexically below `client_ids/<client>/`, else the frame is refused with `.path`.
  package var path: String
  /// The sanitised client id.
  package var client: String
  /// Capture time in µs since 1970.
  package var captured: Int64
  /// When the frame reached the intake, in µs since 1970: what the watermark says. Nil: it gets none.
  package var requested: Int64?

  package init(path: String, client: String, captured: Int64, requested: Int64? = nil) {
    self.path = path
    self.client = client
    self.captured = captured
    self.requested = requested
  }
}
