/// One frame of a job. Its bytes are read by the encoder, never sent to it.
package struct FrameInput: Equatable, Sendable {
  /// Relative to the job's base; lexically below `client_ids/<client>/`, else the frame is refused with `.path`.
  package var path: String
  /// The sanitised client id.
  package var client: String
  /// Capture time in µs since 1970.
  package var captured: Int64
  /// Drawn into a corner if the job has a watermark style. Printable ASCII; other characters become `?`.
  package var watermark: String?

  package init(path: String, client: String, captured: Int64, watermark: String? = nil) {
    self.path = path
    self.client = client
    self.captured = captured
    self.watermark = watermark
  }
}
