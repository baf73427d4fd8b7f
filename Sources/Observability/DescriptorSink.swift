internal import Glibc

/// Writes lines to a descriptor, standard error usually, from a thread of its own.
///
/// A caller only appends to a buffer of bounded size; when the descriptor's reader is slower than the log, lines are
/// dropped, counted, and their number is written once there is room again.
package final class DescriptorSink: LogSink {
  private let format: LogFormat
  private let queue: LineQueue

  /// `descriptor` stays the caller's and open until `close` has returned. `capacity` is the most that waits, in bytes.
  package init(descriptor: Int32 = 2, format: LogFormat, capacity: Int = 1 << 20) {
    self.format = format
    queue = LineQueue(capacity: capacity)
    startWriter(descriptor: descriptor)
  }

  package func write(_ record: LogRecord) { queue.append(format.line(record)) }

  /// Lines that were dropped so far, because the buffer was full or the descriptor refused them.
  package var droppedLines: UInt64 { queue.droppedLines }

  /// Waits until what was written before has reached the descriptor; false when `limit` came first.
  @discardableResult
  package func flush(within limit: Duration) -> Bool { queue.waitUntilWritten(within: limit) }

  /// Flushes, then ends the thread; later lines are dropped. A thread that a stuck reader holds is left behind.
  @discardableResult
  package func close(within limit: Duration = .seconds(1)) -> Bool {
    queue.close()
    return queue.waitUntilEnded(within: limit)
  }

  deinit { queue.close() }

  /// Starts the detached thread that takes from the queue and writes, until it is closed and empty.
  private func startWriter(descriptor: Int32) {
    var thread = pthread_t()
    let context = Unmanaged.passRetained(Writer(queue: queue, descriptor: descriptor, format: format))
    let result = pthread_create(
      &thread, nil,
      { context in
        guard let context else { return nil }
        Unmanaged<Writer>.fromOpaque(context).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    precondition(result == 0, "no thread for the log: error \(result)")
    pthread_detach(thread)
  }
}

/// The thread's own state.
private final class Writer {
  private let queue: LineQueue
  private let descriptor: Int32
  private let format: LogFormat

  init(queue: LineQueue, descriptor: Int32, format: LogFormat) {
    self.queue = queue
    self.format = format
    self.descriptor = descriptor
  }

  func run() {
    // No signal of the process is for this thread, and a reader that has gone is EPIPE, not the end of the worker.
    var all = sigset_t()
    sigfillset(&all)
    pthread_sigmask(SIG_SETMASK, &all, nil)
    while let batch = queue.take() {
      var bytes = batch.bytes
      if batch.newlyDropped > 0 {
        let record = LogRecord(
          time: .now, level: .warning, message: "Log lines dropped", metadata: ["count": String(batch.newlyDropped)])
        bytes += Array(format.line(record).utf8)
      }
      queue.wrote(lost: writeAll(bytes) ? 0 : batch.lines)
    }
  }

  /// Writes everything, waiting as long as the reader takes; false when the descriptor refuses.
  private func writeAll(_ bytes: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { bytes in
      var rest = bytes[...]
      while !rest.isEmpty {
        let slice = UnsafeRawBufferPointer(rebasing: rest)
        let count = Glibc.write(descriptor, slice.baseAddress, slice.count)
        switch (count, errno) {
        case (0..., _): rest = rest.dropFirst(count)
        case (_, EINTR): continue
        case (_, EAGAIN):
          var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&wanted, 1, -1)
        default: return false
        }
      }
      return true
    }
  }
}
