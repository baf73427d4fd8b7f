internal import Cluster
internal import Observability

/// Reads the frames of one partition and records them, for as long as this worker owns it.
///
/// ```
///   pass: cut what waits for too long ─▶ read again what was postponed ─▶ read ─▶ queues ─▶ touch, dead letters
///                                                                                   └─▶ a task a batch (BatchMachine)
/// ```
actor PartitionRecorder {
  private let owned: OwnedPartition
  private let services: RecorderServices
  private let wakeup = Wakeup()
  private let work = TaskBag()
  private var devices: [DevicePair: DeviceState] = [:]
  private var position = ReadPosition.left(after: .zero)
  /// The last entry whose frame is in a queue or finished.
  private var lastTaken = EntryID.zero
  private var letters: [DeadLetter] = []
  private var acknowledged: [EntryID] = []
  private var touched: Set<DevicePair> = []
  /// Entries of devices whose keys cannot be read: they are read again when that may have been mended.
  private var unplaced: [EntryID] = []
  private var replacedAt = ContinuousClock.now
  private var trimmedAt = ContinuousClock.now
  private var clock: (redis: FrameTime, steady: ContinuousClock.Instant)?
  private var phase = Phase.reading

  private enum Phase {
    case reading
    /// Batches in work are finished; `flushes`: all others too.
    case leaving(flushes: Bool)
    case dropped
  }

  /// Between two reads of a stream that nobody has rung for: they prove that nothing waits.
  private static let idleRead = Duration.seconds(2)
  private static let retryPause = Duration.milliseconds(500)
  private static let mostReread = 200
  private static let replacePause = Duration.seconds(1)
  private static let trimPause = Duration.seconds(60)

  init(_ owned: OwnedPartition, _ services: RecorderServices) { (self.owned, self.services) = (owned, services) }

  // MARK: Life

  func run() async {
    services.metrics.takeovers.add()
    while !Task.isCancelled, case .reading = phase {
      let hasMore = await pass()
      if hasMore { continue }
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
    phase = .leaving(flushes: flushes)
    wakeup.ring()
    if flushes { for device in devices.keys { flush(device) } }
    while !Task.isCancelled, devices.values.contains(where: { $0.isWorking || flushes && !$0.queue.isIdle }) {
      if flushes {
        await readAgain()
        for device in devices.keys { flush(device) }
      }
      await wakeup.wait(atMost: .milliseconds(100))
    }
    await end()
  }

  private func report() {
    var status = StatusBoard.Status(devices: devices.count, clock: clock)
    for state in devices.values {
      status.held += state.queue.heldCount
      status.unfinished += state.backlog
      guard let oldest = state.queue.oldestOpen(afterWork: false) else { continue }
      status.oldest = status.oldest.map { min($0, oldest) } ?? oldest
    }
    services.metrics.board.set(status, of: owned.partition)
  }

  private func readAll() async {
    while !Task.isCancelled, case .reading = phase, await pass() {}
  }

  /// The ownership is over.
  func drop() async {
    phase = .dropped
    wakeup.ring()
    await end()
  }

  private func end() async {
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

  private var nextWake: Duration {
    let now = ContinuousClock.now
    let deadline = devices.values.compactMap(\.queue.deadline).min().map { max(.zero, $0 - now) }
    return min(Self.idleRead, max(deadline ?? Self.idleRead, .milliseconds(1)))
  }

  /// True: there is more to read at once.
  private func pass() async -> Bool {
    let now = ContinuousClock.now
    for device in devices.keys {
      if devices[device]?.queue.deadlinePassed(now: now) == true { beginBatch(device) }
      if devices[device]?.isIdle(now) == true {
        devices[device] = nil
        services.playlists?.forget(device)
      }
    }
    await readAgain()
    await replace(now)
    await tell()
    await trim(now)
    return isFull ? false : await read()
  }

  /// So much is unfinished that nothing more is read.
  private var isFull: Bool {
    devices.values.reduce(unplaced.count) { $0 + $1.backlog } >= services.settings.mostPending
  }

  // MARK: Reading

  private func read() async -> Bool {
    do throws(FrameStoreError) {
      switch try await services.store.read(owned, position, atMost: services.settings.batchSize) {
      case .fenced:
        services.metrics.fenced.with(["read"]).add()
        return await fenced()
      case .read(let frames, let last, let now):
        clock = (now, .now)
        guard case .reading = phase else { return false }
        try await take(frames)
        if let last { lastTaken = max(lastTaken, last) }
        return moveOn(last)
      }
    } catch {
      services.logger.debug(
        "a partition was not read", ["frames.partition": "\(owned.partition)", "error": "\(error)"])
      // What the answer held is read before anything new.
      position = .left(after: lastTaken)
      await pause()
      return false
    }
  }

  private func moveOn(_ last: EntryID?) -> Bool {
    switch (position, last) {
    case (.left, let last?):
      position = .left(after: last)
      return true
    case (.left, nil):
      position = .new
      return true
    case (.new, let last): return last != nil
    }
  }

  private func fenced() async -> Bool {
    services.onFenced(owned)
    position = .left(after: lastTaken)
    await pause()
    return false
  }

  private func pause() async { await wakeup.wait(atMost: Self.retryPause) }

  /// Entries of which only the id was kept.
  private func readAgain() async {
    guard services.budget.hasRoom else { return }
    for device in devices.keys {
      guard let asked = devices[device]?.queue.readAgain(atMost: Self.mostReread), !asked.isEmpty else { continue }
      do throws(FrameStoreError) {
        let found = try await services.store.read(asked, of: owned.partition)
        try await take(found)
        for entry in Set(asked).subtracting(found.map(\.entry)) { devices[device]?.queue.passed(entry) }
      } catch {
        devices[device]?.queue.readingFailed()
      }
    }
  }

  private func replace(_ now: ContinuousClock.Instant) async {
    guard !unplaced.isEmpty, now - replacedAt >= Self.replacePause else { return }
    replacedAt = now
    let part = Array(unplaced.prefix(Self.mostReread))
    guard let found = try? await services.store.read(part, of: owned.partition) else { return }
    unplaced.removeFirst(part.count)
    do throws(FrameStoreError) { try await take(found) } catch { unplaced += part }
  }

  /// What is too old leaves the index; what a commit leaves in it goes here.
  private func trim(_ now: ContinuousClock.Instant) async {
    guard now - trimmedAt >= Self.trimPause else { return }
    trimmedAt = now
    for device in devices.keys {
      guard let trimmed = try? await services.store.trim(device), trimmed.count > 0 else { continue }
      services.playlists?.changed(device)
    }
  }

  /// Puts what was read into the queues; throws before anything has changed.
  private func take(_ stored: [StoredFrame]) async throws(FrameStoreError) {
    let sorted = SortedFrames(stored, of: owned.partition, services.store.keys, services.settings)
    var events: [DevicePair: [String]] = [:]
    for frame in sorted.frames { events[frame.event.device, default: []].append(frame.event.eventID) }
    let asked = events.sorted { $0.key < $1.key }.map { (device: $0.key, events: $0.value) }
    let known = try await services.store.look(at: asked)
    guard !isDropped else { return }
    var seen: [DevicePair: Set<String>] = [:]
    for (question, result) in zip(asked, known) {
      guard case .success(let answer) = result else { continue }
      seen[question.device] = answer.seen
      guard devices[question.device] == nil else { continue }
      let first = sorted.frames.first { $0.event.device == question.device }
      devices[question.device] = DeviceState(
        answer.record, rawClient: first?.event.rawClientID ?? "", cut: services.settings.cut,
        firstInterval: services.settings.batch.firstInterval)
    }
    letters += sorted.letters
    count(stored, sorted)
    for frame in sorted.frames {
      guard let seen = seen[frame.event.device] else {
        unplaced.append(frame.entry)
        continue
      }
      take(frame, isSeen: seen.contains(frame.event.eventID))
    }
    await tell()
  }

  /// Each entry once, when it is read for the first time by this owner.
  private func count(_ stored: [StoredFrame], _ sorted: SortedFrames) {
    let metrics = services.metrics
    metrics.received.add(UInt64(stored.count { $0.entry > lastTaken }))
    for frame in sorted.frames where frame.entry > lastTaken {
      if frame.event.notes.contains(.clockSkew) { metrics.skewed.add() }
      if frame.event.notes.contains(.naiveTimestamp) { metrics.naive.add() }
    }
    let unread = sorted.letters.count { $0.reason == .json || $0.reason == .invalid }
    if unread > 0 { metrics.errors.with(["json_parse"]).add(UInt64(unread)) }
  }

  private func take(_ frame: QueuedFrame, isSeen: Bool) {
    let device = frame.event.device
    guard var state = devices.removeValue(forKey: device) else { return }
    state.activeAt = .now
    state.interval.received(frame.entry)
    state.queue.interval = state.interval.milliseconds
    var isReady = false
    if frame.event.rawClientID != state.rawClient {
      letters.append(
        DeadLetter(
          frame.entry, client: frame.event.rawClientID, device: frame.event.rawDeviceID, reason: .clientCollision,
          detail: "the folder is that of client \(state.rawClient)"))
      state.queue.passed(frame.entry)
    } else if isSeen {
      services.metrics.duplicates.with(["recorded"]).add()
      acknowledged.append(frame.entry)
      state.queue.passed(frame.entry)
    } else {
      switch state.queue.arrived(frame, now: .now, hasRoom: services.budget.hasRoom) {
      case .known, .postponed: break
      case .duplicate:
        services.metrics.duplicates.with(["pending"]).add()
        acknowledged.append(frame.entry)
      case .queued(let isLate, let ready):
        if isLate { services.metrics.late.add() }
        services.budget.take(frame)
        isReady = ready
      }
    }
    devices[device] = state
    touched.insert(device)
    if isReady { beginBatch(device) }
  }

  /// Tells the store what is new of the devices, and what is not recorded. What it does not take now it gets later.
  private func tell() async {
    guard !isDropped, !touched.isEmpty || !letters.isEmpty || !acknowledged.isEmpty else { return }
    let (devices, letters, entries) = (touched, letters, acknowledged)
    (touched, self.letters, acknowledged) = ([], [], [])
    let touches = devices.compactMap { touch($0) }
    let done = devices.map { (device: $0, entry: self.devices[$0]?.queue.doneID(afterWork: false)) }
    do throws(FrameStoreError) {
      let answer = try await services.store.touch(owned, touches)
      guard answer == .done, !letters.isEmpty || !entries.isEmpty || !done.isEmpty else { return notTold(answer) }
      notTold(try await services.store.finish(owned, entries: entries, letters: letters, done: done), letters)
    } catch {
      // One device's keys may be another program's: that must not keep the others' from being written.
      if error.code == .invalidReply { return await tellApart(touches, done, letters, entries) }
      touched.formUnion(devices)
      self.letters += letters
      acknowledged += entries
    }
  }

  private func tellApart(
    _ touches: [DeviceTouch], _ done: [(device: DevicePair, entry: EntryID?)], _ letters: [DeadLetter],
    _ entries: [EntryID]
  ) async {
    for touch in touches {
      _ = try? await services.store.touch(owned, [touch])
      _ = try? await services.store.finish(owned, done: done.filter { $0.device == touch.device })
    }
    do throws(FrameStoreError) {
      notTold(try await services.store.finish(owned, entries: entries, letters: letters), letters)
    } catch {
      self.letters += letters
      acknowledged += entries
    }
  }

  /// Whatever a stale owner did not get written is read by the next one.
  private func notTold(_ answer: OwnerAnswer, _ letters: [DeadLetter] = []) {
    switch answer {
    case .done: services.metrics.note(letters)
    case .fenced:
      services.metrics.fenced.with(["touch"]).add()
      services.onFenced(owned)
    }
  }

  private func touch(_ device: DevicePair) -> DeviceTouch? {
    guard let state = devices[device], let newest = state.interval.newest else { return nil }
    return DeviceTouch(
      device, rawClient: state.rawClient, rawDevice: device.device.text, newest: newest,
      interval: state.interval.milliseconds, backlog: state.backlog)
  }

  private var isDropped: Bool {
    if case .dropped = phase { true } else { false }
  }

  // MARK: Batches

  private func flush(_ device: DevicePair) {
    _ = devices[device]?.queue.flush(now: .now)
    beginBatch(device)
  }

  /// Whether another batch may be begun: an owner that leaves begins none, unless it is the last.
  private var mayBegin: Bool {
    switch phase {
    case .reading, .leaving(flushes: true): true
    case .leaving(flushes: false), .dropped: false
    }
  }

  private func beginBatch(_ device: DevicePair) {
    guard mayBegin, devices[device]?.isWorking == false, let batch = devices[device]?.queue.take(),
      let state = devices[device]
    else { return }
    devices[device]?.isWorking = true
    let machine = BatchMachine(
      batch, of: device, generation: state.generation, epoch: owned.owner.epoch,
      interval: state.interval.milliseconds, newSession: .random(), settings: services.settings.batch)
    work.add { await self.record(batch, of: device, machine) }
  }

  private func record(_ batch: FrameBatch, of device: DevicePair, _ machine: BatchMachine) async {
    let runner = BatchRunner(owned: owned, device: device, cutAt: batch.cutAt, services: services)
    var machine = machine
    var action = machine.start()
    while !Task.isCancelled, !isDropped {
      switch action {
      case .end(let ending): return ended(device, batch, ending)
      case .wait(let time):
        // Its frames are pending still: the next owner records them.
        if case .leaving(flushes: false) = phase { return ended(device, batch, nil) }
        try? await Task.sleep(for: time)
        action = machine.waited()
      case .commit(var commit):
        commit.done = devices[device]?.queue.doneID(afterWork: true)
        commit.backlog = max(0, (devices[device]?.backlog ?? 0) - batch.frames.count)
        action = machine.committed(await runner.commit(commit))
      case .begin, .seed, .probe, .encode, .publish, .findLargest, .unpublish, .finish:
        action = await runner.perform(action, &machine)
      }
    }
  }

  /// Nil: it was given up, for the next owner.
  private func ended(_ device: DevicePair, _ batch: FrameBatch, _ ending: BatchMachine.Ending?) {
    defer { wakeup.ring() }
    devices[device]?.isWorking = false
    devices[device]?.activeAt = .now
    switch ending {
    case .recorded, .finished:
      for frame in batch.frames { services.budget.give(frame) }
      _ = devices[device]?.queue.workEnded()
      touched.insert(device)
      if case .recorded? = ending { services.playlists?.changed(device) }
      beginBatch(device)
    case .reset:
      for frame in devices[device]?.queue.heldFrames ?? [] { services.budget.give(frame) }
      devices[device] = nil
      (position, lastTaken) = (.left(after: .zero), .zero)
    case nil: break
    }
  }
}
