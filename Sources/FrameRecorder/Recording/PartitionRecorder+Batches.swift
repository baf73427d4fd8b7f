extension PartitionRecorder {
  func flush(_ device: DevicePair) {
    _ = devices[device]?.queue.flush(now: services.clock.now)
    beginBatch(device)
  }

  /// Whether another batch may be begun: an owner that leaves begins none, unless it is the last.
  var mayBegin: Bool {
    switch phase {
    case .reading, .finishing, .leaving(flushes: true): true
    case .leaving(flushes: false), .dropped: false
    }
  }

  func beginBatch(_ device: DevicePair) {
    guard mayBegin, devices[device]?.isWorking == false, let batch = devices[device]?.queue.take(),
      let state = devices[device]
    else { return }
    devices[device]?.isWorking = true
    let machine = BatchMachine(
      batch, of: device, generation: state.generation, epoch: owned.owner.epoch,
      interval: state.interval.milliseconds, newSession: .random(), settings: services.settings.batch)
    work.add { await self.record(batch, of: device, machine) }
  }

  func record(_ batch: FrameBatch, of device: DevicePair, _ machine: BatchMachine) async {
    // Its folder has become a link since its frames were read: read again, they go where it leads.
    let places = await services.shared.places(of: [device], isFresh: true)
    if let place = places[device], place != .itself { return ended(device, batch, .reset) }
    let runner = BatchRunner(owned: owned, device: device, cutAt: batch.cutAt, services: services)
    var machine = machine
    var action = machine.start()
    while !Task.isCancelled, !isDropped {
      switch action {
      case .end(let ending):
        ended(device, batch, ending)
        if case .recorded = ending, services.settings.unlinksFrames { await runner.unlink(machine.files) }
        return
      case .wait(let time):
        // Its frames are pending still: the next owner records them.
        if isHandingOver { return ended(device, batch, nil) }
        await rest(device, time)
        if isHandingOver { return ended(device, batch, nil) }
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

  private var isHandingOver: Bool {
    if case .leaving(flushes: false) = phase { true } else { false }
  }

  /// Between two tries of the device's batch; whoever leaves ends it.
  private func rest(_ device: DevicePair, _ time: Duration) async {
    let pause = Wakeup(clock: services.clock)
    pauses[device] = pause
    defer { pauses[device] = nil }
    await pause.wait(atMost: time)
  }

  /// Nil: it was given up, for the next owner.
  func ended(_ device: DevicePair, _ batch: FrameBatch, _ ending: BatchMachine.Ending?) {
    defer { wakeup.ring() }
    devices[device]?.isWorking = false
    devices[device]?.activeAt = services.clock.now
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
      restarts += 1
    case nil: break
    }
  }
}
