internal import Observability

/// Where an event stands in the feed: `<ms>-<n>`, as the ids of a Redis stream. Grows over restarts too.
package struct EventPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let milliseconds: UInt64
  package let sequence: UInt64

  package init(milliseconds: UInt64, sequence: UInt64) {
    self.milliseconds = milliseconds
    self.sequence = sequence
  }

  /// Of a `Last-Event-ID`. Nil if it is none.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let milliseconds = Self.number(parts[0]), let sequence = Self.number(parts[1]) else {
      return nil
    }
    self.init(milliseconds: milliseconds, sequence: sequence)
  }

  private static func number(_ digits: Substring) -> UInt64? {
    digits.utf8.allSatisfy { (0x30...0x39).contains($0) } ? UInt64(digits) : nil
  }

  /// Before every event.
  package static let start = EventPosition(milliseconds: 0, sequence: 0)

  /// The position of the next event, at `time` by a clock that may have been set back.
  func next(at time: WallTime) -> EventPosition {
    time.milliseconds > milliseconds
      ? EventPosition(milliseconds: time.milliseconds, sequence: 0)
      : EventPosition(milliseconds: milliseconds, sequence: sequence &+ 1)
  }

  package static func < (left: EventPosition, right: EventPosition) -> Bool {
    (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
  }

  package var description: String { "\(milliseconds)-\(sequence)" }
}
