internal import MediaLog

/// Sends a log to an FFmpeg's standard input, as to any viewer. Confined to the fan-out's loop.
final class LogFeeder {
  let reader: FanOutReader
  private let fanOut: FanOut
  private(set) var isReading = false

  init(reader: FanOutReader, fanOut: FanOut) {
    self.reader = reader
    self.fanOut = fanOut
  }

  func start() {
    isReading = true
    fanOut.add(reader)
  }

  /// The descriptor can be closed after this. Harmless when the reader has ended.
  func stop() {
    isReading = false
    fanOut.remove(reader)
  }
}
