package import EventLoop
internal import Synchronization

/// Writes one log to all its readers on one loop. Woken by the log's writer in ticks (`LogWriter.tick`, `tickBytes`);
/// a tick is one `sendmsg` a reader, of references into the shared chunks: no copy, no queue, no allocation.
// Safe: all but `isAwake` is confined to `loop`, and every entry asserts it.
package final class FanOut: @unchecked Sendable {
  package let loop: EventLoop
  private let log: StreamLog
  private let services: FanOutServices
  private let isAwake = Atomic<Bool>(false)
  private var readers: ContiguousArray<FanOutReader> = []
  private var second: LoopTimer?
  private var quietSeconds = 0

  init(log: StreamLog, loop: EventLoop, services: FanOutServices) {
    self.log = log
    self.loop = loop
    self.services = services
  }

  package var readerCount: Int {
    loop.assertInLoop()
    return readers.count
  }

  /// There is more to read, or an end. From any thread; wakes that come before the tick are one.
  func wake() {
    guard !isAwake.exchange(true, ordering: .acquiringAndReleasing) else { return }
    loop.execute { [self] in tick() }
  }

  /// Adds a reader and sends it what there is for it.
  package func add(_ reader: FanOutReader) {
    loop.assertInLoop()
    if readers.isEmpty {
      log.add(self)
      quietSeconds = 0
      second = loop.schedule(each: .seconds(1)) { [unowned self] in everySecond() }
    }
    reader.index = readers.count
    readers.append(reader)
    reader.watchWritable(on: loop) { [unowned self, unowned reader] in
      reader.unblock()
      write(to: reader, log.snapshot())
    }
    write(to: reader, log.snapshot())
  }

  /// Takes a reader off; its socket is the caller's again. Harmless when it is off already.
  package func remove(_ reader: FanOutReader) {
    loop.assertInLoop()
    guard let index = reader.index else { return }
    reader.index = nil
    reader.stopWatching()
    let last = readers.removeLast()
    if last !== reader {
      readers[index] = last
      last.index = index
    }
    guard readers.isEmpty else { return }
    second?.cancel()
    second = nil
    log.remove(self)
  }

  private func tick() {
    isAwake.store(false, ordering: .releasing)
    quietSeconds = 0
    let snapshot = log.snapshot()
    // Backwards: a reader that ends takes itself off, and the last one comes into its place.
    var index = readers.count
    while index > 0 {
      index -= 1
      guard index < readers.count else { continue }
      let reader = readers[index]
      if !reader.isBlocked { write(to: reader, snapshot) }
    }
  }

  private func write(to reader: FanOutReader, _ snapshot: LogSnapshot) {
    let before = reader.bytesServed
    let outcome = reader.write(snapshot)
    if reader.isDirect { services.bytesOut.add(reader.bytesServed &- before) }
    if reader.hasJustSkipped {
      reader.hasJustSkipped = false
      services.skips.add()
    }
    switch outcome {
    case .waiting: break
    case .complete: end(reader, .complete)
    case .aborted: end(reader, .aborted)
    case .lost: end(reader, .lost)
    }
  }

  private func end(_ reader: FanOutReader, _ reason: FanOutReader.End) {
    remove(reader)
    reader.onEnd(reason)
  }

  /// Bridges gaps with null packets, drops readers whose sockets take nothing, tells what readers got.
  private func everySecond() {
    quietSeconds += 1
    let snapshot = log.snapshot()
    services.report(log.id, readers.map { $0.takeReport(snapshot.window) })
    let isQuiet = quietSeconds > 1 && snapshot.end == nil
    // Over a copy: readers that end take themselves off, and whoever hears of it may take off others.
    for reader in readers where reader.index != nil {
      if reader.isStalledForAnotherSecond() {
        services.writeTimeouts.add()
        end(reader, .writeTimeout)
      } else if isQuiet, reader.bridgeGap() {
        write(to: reader, snapshot)
      }
    }
  }
}
