/// Where log records go. Called from any thread, also from the loops: an implementation does not block.
package protocol LogSink: Sendable {
  func write(_ record: LogRecord)
}

/// One thing that happened: a constant message and what distinguishes this occurrence of it.
package struct LogRecord: Sendable {
  package let time: WallTime
  package let level: LogLevel
  package let message: String
  /// Dotted keys such as `stream.id`.
  package let metadata: [String: String]

  package init(time: WallTime, level: LogLevel, message: String, metadata: [String: String]) {
    self.time = time
    self.level = level
    self.message = message
    self.metadata = metadata
  }
}

/// Writes records of a level and above to a sink, with the metadata that it carries. A cheap value.
///
/// Messages are constants so that they can be searched for and counted; what varies is metadata. URLs are masked by the
/// caller before they come here.
package struct Logger: Sendable {
  package let level: LogLevel
  private let sink: any LogSink
  private var metadata: [String: String] = [:]

  package init(level: LogLevel, sink: any LogSink) {
    self.level = level
    self.sink = sink
  }

  /// This logger with more fixed metadata; the new value wins where a key was there.
  package func with(_ metadata: [String: String]) -> Logger {
    var logger = self
    logger.metadata.merge(metadata) { _, new in new }
    return logger
  }

  /// Writes a record unless `level` is below the logger's; `metadata` is made only then, and wins over the fixed one.
  package func log(
    _ level: LogLevel, _ message: StaticString, _ metadata: @autoclosure () -> [String: String] = [:]
  ) {
    guard level >= self.level else { return }
    let merged = self.metadata.merging(metadata()) { _, new in new }
    sink.write(LogRecord(time: .now, level: level, message: message.description, metadata: merged))
  }

  package func trace(_ message: StaticString, _ metadata: @autoclosure () -> [String: String] = [:]) {
    log(.trace, message, metadata())
  }

  package func debug(_ message: StaticString, _ metadata: @autoclosure () -> [String: String] = [:]) {
    log(.debug, message, metadata())
  }

  package func info(_ message: StaticString, _ metadata: @autoclosure () -> [String: String] = [:]) {
    log(.info, message, metadata())
  }

  package func warning(_ message: StaticString, _ metadata: @autoclosure () -> [String: String] = [:]) {
    log(.warning, message, metadata())
  }

  package func error(_ message: StaticString, _ metadata: @autoclosure () -> [String: String] = [:]) {
    log(.error, message, metadata())
  }
}
