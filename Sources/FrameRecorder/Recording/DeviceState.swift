/// What an owner has in memory of a device.
struct DeviceState: Sendable {
  var queue: DeviceQueue
  let generation: UInt64
  /// The raw client id of the first event that named its client; another one with the same folder is refused.
  private(set) var rawClient: String?
  /// Of the first event that named the device itself.
  private(set) var rawDevice: String?
  var interval: IntervalMean
  var isWorking = false
  /// When something was last read or finished.
  var activeAt: RecorderClock.Instant
  /// After this long without anything its state is dropped.
  static let idleTime = Duration.seconds(600)

  init(_ record: DeviceRecord, _ settings: RecorderSettings, now: RecorderClock.Instant) {
    let interval = record.interval ?? settings.batch.firstInterval
    queue = DeviceQueue(settings: settings.cut, lastCapture: record.lastCapture, interval: interval)
    generation = record.generation
    (rawClient, rawDevice) = (record.client, record.device)
    self.interval = IntervalMean(milliseconds: interval, newest: record.received)
    activeAt = now
  }

  /// Keeps the raw ids of an event if there are none yet. False: its client is another one with the same folder.
  mutating func agrees(with event: FrameEvent) -> Bool {
    guard event.isOfNamedClient else { return true }
    rawClient = rawClient ?? event.rawClientID
    guard event.rawClientID == rawClient else { return false }
    if rawDevice == nil, event.isOfNamedDevice { rawDevice = event.rawDeviceID }
    return true
  }

  /// Entries that are not finished.
  var backlog: Int { queue.heldCount + queue.postponedCount }

  func isIdle(_ now: RecorderClock.Instant) -> Bool {
    !isWorking && queue.isIdle && now - activeAt > Self.idleTime
  }
}
