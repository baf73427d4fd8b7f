internal import Observability

extension PartitionRecorder {
  private var mayRead: Bool {
    switch phase {
    case .reading, .finishing: true
    case .leaving, .dropped: false
    }
  }

  func read() async -> Bool {
    let before = restarts
    do throws(FrameStoreError) {
      switch try await services.store.read(owned, position, atMost: services.settings.batchSize) {
      case .fenced:
        services.metrics.fenced.with(["read"]).add()
        return await fenced()
      case .read(let frames, let last, let oldest, let now):
        clock = (now, .now)
        oldestStored = oldest
        if !frames.isEmpty { services.onStep(.read) }
        guard mayRead else { return false }
        // A device was reset meanwhile: all is read again, these with it.
        guard restarts == before else { return true }
        try await take(frames)
        guard restarts == before else { return true }
        if let last { lastTaken = max(lastTaken, last) }
        return moveOn(last)
      }
    } catch {
      services.logger.debug(
        "a partition was not read", ["frames.partition": "\(owned.partition)", "error": "\(error)"])
      services.metrics.errors.add(1, ["accumulate"], of: nil)
      // What the answer held is read before anything new.
      position = .left(after: lastTaken)
      await pause()
      return false
    }
  }

  func moveOn(_ last: EntryID?) -> Bool {
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

  func fenced() async -> Bool {
    services.onFenced(owned)
    position = .left(after: lastTaken)
    await pause()
    return false
  }

  func pause() async { await wakeup.wait(atMost: Self.retryPause) }

  /// Entries of which only the id was kept.
  func readAgain() async {
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

  /// What a device's keys did not take may be taken now.
  func replace(_ now: RecorderClock.Instant) async {
    guard !unplaced.isEmpty || !untold.isEmpty, now - replacedAt >= Self.replacePause else { return }
    replacedAt = now
    touched.formUnion(untold)
    untold = []
    guard !unplaced.isEmpty else { return }
    let part = Array(unplaced.prefix(Self.mostReread))
    guard let found = try? await services.store.read(part, of: owned.partition) else { return }
    unplaced.removeFirst(part.count)
    do throws(FrameStoreError) { try await take(found) } catch { unplaced += part }
  }

  /// What is too old leaves the index; what a commit leaves in it goes here.
  func trim(_ now: RecorderClock.Instant) async {
    guard now - trimmedAt >= Self.trimPause else { return }
    trimmedAt = now
    for device in devices.keys { _ = try? await services.store.trim(device) }
    // Of all: an owner that stood still may have written an older one over it.
    for device in devices.keys { services.playlists?.changed(device) }
  }

  /// The former owner may have died between a commit and the playlist's file.
  func mend() async {
    guard !hasMended, let playlists = services.playlists,
      let found = try? await services.store.recentDevices(of: owned.partition, atMost: Self.mostMended)
    else { return }
    hasMended = true
    guard !isDropped else { return }
    for device in found { playlists.changed(device) }
  }

  /// Puts what was read into the queues; throws before anything has changed.
  func take(_ stored: [StoredFrame]) async throws(FrameStoreError) {
    var sorted = SortedFrames(stored, of: owned.partition, services.store.keys, services.settings)
    await sorted.sort(by: services.shared)
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
      devices[question.device] = DeviceState(answer.record, services.settings, now: services.clock.now)
    }
    letters += sorted.letters
    moves += sorted.moves.map(\.move)
    for (device, move) in sorted.moves { devices[device]?.queue.passed(move.entry) }
    unplaced += sorted.unplaced
    count(stored, sorted)
    for frame in sorted.frames {
      guard let seen = seen[frame.event.device] else {
        if frame.entry > lastTaken { services.metrics.errors.add(1, ["accumulate"], of: frame.event.device) }
        unplaced.append(frame.entry)
        continue
      }
      take(frame, isSeen: seen.contains(frame.event.eventID))
    }
    await tell()
  }

  /// Each entry once, when it is read for the first time by this owner.
  func count(_ stored: [StoredFrame], _ sorted: SortedFrames) {
    let metrics = services.metrics
    // What goes elsewhere counts there.
    let elsewhere = Set(sorted.moves.map(\.move.entry))
    var others = stored.count { $0.entry > lastTaken && !elsewhere.contains($0.entry) }
    for frame in sorted.frames where frame.entry > lastTaken {
      others -= 1
      metrics.received.add(of: frame.event.device)
      if frame.event.notes.contains(.clockSkew) { metrics.skewed.add() }
      if frame.event.notes.contains(.naiveTimestamp) { metrics.naive.add() }
      if frame.event.notes.contains(.invalidLocation) { metrics.unlocated.add() }
    }
    metrics.received.add(UInt64(max(0, others)), of: nil)
    let unread = sorted.letters.count { $0.reason.isUnreadable }
    metrics.errors.add(UInt64(unread), ["json_parse"], of: nil)
  }

  func take(_ frame: QueuedFrame, isSeen: Bool) {
    let device = frame.event.device
    guard var state = devices.removeValue(forKey: device) else { return }
    let now = services.clock.now
    state.activeAt = now
    state.interval.received(frame.entry)
    state.queue.interval = state.interval.milliseconds
    var isReady = false
    if !state.agrees(with: frame.event) {
      letters.append(
        DeadLetter(
          frame.entry, client: frame.event.rawClientID, device: frame.event.rawDeviceID, reason: .clientCollision,
          detail: "the folder is that of client \(state.rawClient ?? "")"))
      state.queue.passed(frame.entry)
    } else if isSeen {
      services.metrics.duplicates.with(["recorded"]).add()
      acknowledged.append(frame.entry)
      state.queue.passed(frame.entry)
    } else {
      switch state.queue.arrived(frame, now: now, hasRoom: services.budget.hasRoom) {
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
}
