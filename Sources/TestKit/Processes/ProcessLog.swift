internal import Synchronization

/// What a process writes, collected from the thread that reads it.
package final class ProcessLog: Sendable {
  private let bytes = Mutex<[UInt8]>([])

  package init() {}

  package func append(_ new: [UInt8]) { bytes.withLock { $0 += new } }

  package var text: String { bytes.withLock { String(decoding: $0, as: UTF8.self) } }
  /// The last 4,000 characters.
  package var tail: String { String(text.suffix(4000)) }
}
