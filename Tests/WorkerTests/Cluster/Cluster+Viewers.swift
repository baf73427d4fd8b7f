import TestKit
import Testing

extension Fixture {
  /// A player of a stream that has been let in; closed with the fixture.
  func viewer(
    _ worker: WorkerProcess, _ id: String, sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> LiveCapture {
    let capture = try await capture(worker, "/stream/\(id)")
    if capture.head.status != 200 { _ = try await capture.waitForEnd() }
    try #require(
      capture.head.status == 200, "\(String(decoding: capture.bytes, as: UTF8.self)): \(worker.log.suffix(3000))",
      sourceLocation: sourceLocation)
    return capture
  }
}
