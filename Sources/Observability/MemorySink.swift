internal import Synchronization

/// Keeps all records, for tests.
package final class MemorySink: LogSink {
  private let stored = Mutex<[LogRecord]>([])

  package init() {}

  package func write(_ record: LogRecord) { stored.withLock { $0.append(record) } }

  package var records: [LogRecord] { stored.withLock { $0 } }

  package var messages: [String] { records.map(\.message) }
}
