internal import Cluster
internal import Observability

/// Reads the frames of one partition and records them, for as long as this worker owns it.
///
/// ```
///   pass: cut what waits for too long ─▶ read again what was postponed ─▶ read ─▶ queues ─▶ touch, dead letters
///                                                                                   └─▶ a task a batch (BatchMachine)
/// ```
actor PartitionRecorder {
  let owned: OwnedPartition
  let services: RecorderServices
  let wakeup: Wakeup
  let work = TaskBag()
  var devices: [DevicePair: DeviceState] = [:]
  var position = ReadPosition.left(after: .zero)
  /// The last entry whose frame is in a queue or finished.
  var lastTaken = EntryID.zero
  /// How often all was to be read again since a device was reset.
  var restarts = 0
  var letters: [DeadLetter] = []
  var acknowledged: [EntryID] = []
  /// Frames of devices whose folders lead to other partitions' devices.
  var moves: [FrameMove] = []
  var touched: Set<DevicePair> = []
  /// Of these that was refused, and is told again after a pause.
  var untold: Set<DevicePair> = []
  /// Entries of devices whose keys cannot be read: they are read again when that may have been mended.
  var unplaced: [EntryID] = []
  /// Between tries; a device has one batch in work at most.
  var pauses: [DevicePair: Wakeup] = [:]
  var replacedAt: RecorderClock.Instant
  var trimmedAt: RecorderClock.Instant
  /// Of the stream, at the last reading.
  var oldestStored: EntryID?
  private var reportedAt: RecorderClock.Instant
  var clock: (redis: FrameTime, steady: ContinuousClock.Instant)?
  var phase = Phase.reading
  /// Whether the playlist files that the former owner may have left behind are written anew.
  var hasMended = false
  private var isRunning = false

  enum Phase {
    case reading
    /// Nothing is waited for any more: all that there is is read, before the last worker leaves.
    case finishing
    /// Batches in work are finished; `flushes`: all others too.
    case leaving(flushes: Bool)
    case dropped
  }

  /// Between two reads of a stream that nobody has rung for: they prove that nothing waits.
  static let idleRead = Duration.seconds(2)
  static let retryPause = Duration.milliseconds(500)
  /// Between two reports while there is more to read.
  static let reportPause = Duration.seconds(1)
  static let mostReread = 200
  static let mostMoved = 1_000
  static let replacePause = Duration.seconds(1)
  static let trimPause = Duration.seconds(60)
  static let mostMended = 10_000

  init(_ owned: OwnedPartition, _ services: RecorderServices) {
    (self.owned, self.services) = (owned, services)
    wakeup = Wakeup(clock: services.clock)
    let now = services.clock.now
    (replacedAt, trimmedAt, reportedAt) = (now, now, now)
  }

  // MARK: Life

  func run() async {
    services.metrics.takeovers.add()
    isRunning = true
    defer {
      isRunning = false
      wakeup.ring()
    }
    while !Task.isCancelled, case .reading = phase {
      let hasMore = await pass()
      if hasMore {
        if services.clock.now - reportedAt >= Self.reportPause { report() }
        continue
      }
      if !isFull { services.alarm?.arm(owned.partition, after: lastTaken) { [wakeup] in wakeup.ring() } }
      report()
      await wakeup.wait(atMost: nextWake)
    }
    services.alarm?.disarm(owned.partition)
  }

  /// Returns when nothing is in work any more; `flushes`: and nothing is pending.
  func leave(flushes: Bool) async {
    guard case .reading = phase else { return }
    if flushes { await readAll() }
    guard !isDropped else { return }
    phase = .leaving(flushes: flushes)
    wakeup.ring()
    if flushes {
      for device in devices.keys { flush(device) }
    } else {
      for pause in pauses.values { pause.ring() }
    }
    while !Task.isCancelled, devices.values.contains(where: { $0.isWorking || flushes && !$0.queue.isIdle }) {
      if flushes {
        await readAgain()
        for device in devices.keys { flush(device) }
      }
      await wakeup.wait(atMost: .milliseconds(100))
    }
    await end()
  }

  func report() {
    reportedAt = services.clock.now
    // It may be another one's.
    guard services.mayRecord() else { return services.metrics.board.set(nil, of: owned.partition) }
    var status = StatusBoard.Status(devices: devices.count, unfinished: unplaced.count + moves.count, clock: clock)
    // What is older than the last one taken and not in hand has been finished since.
    var open = [oldestStored].compactMap { $0 }.filter { $0 > lastTaken }
    open += unplaced + acknowledged + letters.map(\.entry) + moves.map(\.entry)
    for state in devices.values {
      status.held += state.queue.heldCount
      status.unfinished += state.backlog
      if let oldest = state.queue.oldestOpen(afterWork: false) { open.append(oldest) }
    }
    status.oldest = open.min()
    services.metrics.board.set(status, of: owned.partition)
  }

  /// Two readings at a time would each miss what the other one has in hand.
  func readAll() async {
    phase = .finishing
    wakeup.ring()
    while !Task.isCancelled, isRunning { await wakeup.wait(atMost: .milliseconds(100)) }
    while !Task.isCancelled, case .finishing = phase, await pass() {}
  }

  /// The ownership is over.
  func drop() async {
    phase = .dropped
    wakeup.ring()
    await end()
  }

  func end() async {
    phase = .dropped
    services.alarm?.disarm(owned.partition)
    services.metrics.board.set(nil, of: owned.partition)
    await work.end()
    for (device, state) in devices {
      for frame in state.queue.heldFrames { services.budget.give(frame) }
      services.playlists?.forget(device)
    }
    devices = [:]
  }

  var nextWake: Duration {
    let now = services.clock.now
    let deadline = devices.values.compactMap(\.queue.deadline).min().map { max(.zero, $0 - now) }
    return min(Self.idleRead, max(deadline ?? Self.idleRead, .milliseconds(1)))
  }

  /// True: there is more to read at once.
  func pass() async -> Bool {
    let now = services.clock.now
    for device in devices.keys {
      if devices[device]?.queue.deadlinePassed(now: now) == true { beginBatch(device) }
      if devices[device]?.isIdle(now) == true, !touched.contains(device), !untold.contains(device) {
        devices[device] = nil
        services.playlists?.rest(device)
      }
    }
    // A dictionary keeps the room of all that it once had.
    if devices.isEmpty { devices = [:] }
    guard services.mayRecord() else {
      await pause()
      return false
    }
    await readAgain()
    await replace(now)
    await tell()
    await trim(now)
    await mend()
    return isFull ? false : await read()
  }

  /// So much is unfinished that nothing more is read.
  var isFull: Bool {
    devices.values.reduce(unplaced.count + moves.count) { $0 + $1.backlog } >= services.settings.mostPending
  }

  var isDropped: Bool {
    if case .dropped = phase { true } else { false }
  }
}
