package import Identifiers
package import Observability

/// What fan-outs count, for the whole worker, and whom they tell what readers got.
package struct FanOutServices: Sendable {
  package let bytesOut: Counter
  /// Readers that fell out of the window and went on at the newest random access point.
  package let skips: Counter
  /// Readers dropped because their socket took nothing for CLIENT_WRITE_TIMEOUT.
  package let writeTimeouts: Counter
  /// Called once a second on each loop that has readers of a stream.
  package let report: @Sendable (StreamID, [FanOutReader.Report]) -> Void

  package init(
    bytesOut: Counter, skips: Counter, writeTimeouts: Counter,
    report: @escaping @Sendable (StreamID, [FanOutReader.Report]) -> Void
  ) {
    self.bytesOut = bytesOut
    self.skips = skips
    self.writeTimeouts = writeTimeouts
    self.report = report
  }
}
