/// What an owner has in memory of a device.
struct DeviceState: Sendable {
  var queue: DeviceQueue
  let generation: UInt64
  /// The raw client id of its first event; another one with the same folder is refused.
  let rawClient: String
  var interval: IntervalMean
  var isWorking = false
  /// When something was last read or finished.
  var activeAt: RecorderClock.Instant
  /// After this long without anything its state is dropped.
  static let idleTime = Duration.seconds(600)

  init(_ record: DeviceRecord, rawClient: String, cut: CutSettings, firstInterval: Int64, now: RecorderClock.Instant) {
    let interval = record.interval ?? firstInterval
    queue = DeviceQueue(settings: cut, lastCapture: record.lastCapture, interval: interval)
    generation = record.generation
    self.rawClient = record.client ?? rawClient
    self.interval = IntervalMean(milliseconds: interval, newest: record.received)
    activeAt = now
  }

  /// Entries that are not finished.
  var backlog: Int { queue.heldCount + queue.postponedCount }

  func isIdle(_ now: RecorderClock.Instant) -> Bool {
    !isWorking && queue.isIdle && now - activeAt > Self.idleTime
  }
}
