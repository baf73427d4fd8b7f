package import TransportStream

/// What Redis keeps of a device: the hash `frames:device:<c>:<d>`.
package struct DeviceRecord: Sendable, Equatable {
  /// Raw ids of the first event; nil: none was read yet.
  package var client: String?
  package var device: String?
  /// Raised by each reset of the device.
  package var generation: UInt64 = 0
  package var received: EntryID?
  package var done: EntryID?
  package var backlog = 0
  /// Mean interval between frames, ms; nil: not known.
  package var interval: Int64?
  /// The active one.
  package var session: SessionID?
  package var mediaSequence: UInt64?
  package var discontinuitySequence: UInt64?
  /// Where the active session goes on: 1/90,000 s, and the continuity counters.
  package var nextPTS: Int64?
  package var continuity: [PIDContinuity] = []
  /// Of the last recorded frame.
  package var lastCapture: FrameTime?
  /// The largest EXT-X-TARGETDURATION ever used, s.
  package var target: Int?
  /// When the index was made or imported; nil: the disk has to be looked at before anything is recorded.
  package var indexed: FrameTime?
  /// When a sweep last looked into its folder.
  package var looked: FrameTime?

  init(_ fields: [String: String]) {
    func number<Number: FixedWidthInteger>(_ name: String) -> Number? { fields[name].flatMap { Number($0) } }
    func time(_ name: String) -> FrameTime? { number(name).map { FrameTime(milliseconds: $0) } }
    (client, device) = (fields["client"], fields["device"])
    generation = number("generation") ?? 0
    (received, done) = (fields["received_id"].flatMap { EntryID($0) }, fields["done_id"].flatMap { EntryID($0) })
    (backlog, interval) = (number("backlog") ?? 0, number("interval_ms"))
    session = fields["session"].flatMap { SessionID($0) }
    (mediaSequence, discontinuitySequence) = (number("msn"), number("dsn"))
    (nextPTS, continuity) = (number("next_pts"), ContinuityText.parse(fields["cc"] ?? ""))
    (lastCapture, target, indexed) = (time("last_capture"), number("target"), time("indexed_at"))
    looked = time("looked_ms")
  }
}
