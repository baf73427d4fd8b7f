/// The id of an entry of a Redis stream, `<ms>-<sequence>`: Redis' own clock, and the order of arrival.
package struct EntryID: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let milliseconds: UInt64
  package let sequence: UInt64

  package init(_ milliseconds: UInt64, _ sequence: UInt64 = 0) {
    self.milliseconds = milliseconds
    self.sequence = sequence
  }

  /// Nil unless `text` is two decimal numbers with a hyphen between them.
  package init?(_ text: String) {
    let parts = text.split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count == 2, let milliseconds = UInt64(parts[0]), let sequence = UInt64(parts[1]) else { return nil }
    self.init(milliseconds, sequence)
  }

  package static let zero = EntryID(0)

  /// The greatest id below this one; of `zero` itself.
  package var predecessor: EntryID {
    if sequence > 0 { return EntryID(milliseconds, sequence - 1) }
    return milliseconds > 0 ? EntryID(milliseconds - 1, .max) : self
  }

  package static func < (left: EntryID, right: EntryID) -> Bool {
    (left.milliseconds, left.sequence) < (right.milliseconds, right.sequence)
  }

  package var description: String { "\(milliseconds)-\(sequence)" }
}
