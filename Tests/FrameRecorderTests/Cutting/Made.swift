import FrameRecorder
import JSONCoding

/// Frames of one device, made up.
enum Made {
  static let start = ContinuousClock.now

  static func instant(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }

  /// `capture` in seconds; received at the same time, or at `received` s.
  static func frame(
    _ entry: UInt64, _ capture: Double, event: String? = nil, received: Double? = nil
  ) throws -> QueuedFrame {
    let milliseconds = Int64((capture * 1_000).rounded())
    let json = JSON.object([
      ("eventId", .string(event ?? "e\(entry)")), ("clientId", .string("c")), ("deviceId", .string("d")),
      ("timestamp", .integer(0)), ("framePath", .string("client_ids/c/\(entry).jpg")),
    ])
    var event = try FrameEvent(json)
    event.capture = FrameTime(milliseconds: milliseconds)
    return QueuedFrame(
      entry: EntryID(entry), event: event,
      received: received.map { FrameTime(milliseconds: Int64($0 * 1_000)) } ?? event.capture)
  }
}
