extension PartitionRecorder {
  /// Tells the store what is new of the devices, and what is not recorded. What it does not take now it gets later.
  func tell() async {
    await passOn()
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

  /// Frames of devices that are other partitions' go there.
  private func passOn() async {
    guard !isDropped, !moves.isEmpty else { return }
    let part = Array(moves.prefix(Self.mostMoved))
    moves.removeFirst(part.count)
    do throws(FrameStoreError) {
      switch try await services.store.move(owned, part) {
      case .moved(let left): unplaced += left
      case .fenced: refused("move")
      }
    } catch {
      moves = part + moves
    }
  }

  func tellApart(
    _ touches: [DeviceTouch], _ done: [(device: DevicePair, entry: EntryID?)], _ letters: [DeadLetter],
    _ entries: [EntryID]
  ) async {
    for touch in touches {
      do throws(FrameStoreError) {
        _ = try await services.store.touch(owned, [touch])
        _ = try await services.store.finish(owned, done: done.filter { $0.device == touch.device })
      } catch {
        untold.insert(touch.device)
      }
    }
    do throws(FrameStoreError) {
      notTold(try await services.store.finish(owned, entries: entries, letters: letters), letters)
    } catch {
      self.letters += letters
      acknowledged += entries
    }
  }

  /// Whatever a stale owner did not get written is read by the next one.
  func notTold(_ answer: OwnerAnswer, _ letters: [DeadLetter] = []) {
    switch answer {
    case .done: services.metrics.note(letters)
    case .fenced: refused("touch")
    }
  }

  private func refused(_ step: String) {
    services.metrics.fenced.with([step]).add()
    services.onFenced(owned)
  }

  func touch(_ device: DevicePair) -> DeviceTouch? {
    guard let state = devices[device], let newest = state.interval.newest else { return nil }
    return DeviceTouch(
      device, rawClient: state.rawClient, rawDevice: state.rawDevice, newest: newest,
      interval: state.interval.milliseconds, backlog: state.backlog)
  }
}
