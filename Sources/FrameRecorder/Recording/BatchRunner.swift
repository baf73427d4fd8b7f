internal import FrameEncoding
internal import Observability

/// Does the steps of a batch.
struct BatchRunner: Sendable {
  let owned: OwnedPartition
  let device: DevicePair
  let cutAt: ContinuousClock.Instant
  let services: RecorderServices

  /// All steps but those that need the device's queue.
  nonisolated(nonsending) func perform(
    _ action: BatchMachine.Action, _ machine: inout BatchMachine
  ) async -> BatchMachine.Action {
    switch action {
    case .begin(let tryNumber, let above): return machine.begun(await begin(tryNumber, above, machine))
    case .seed: return machine.seeded(await seed())
    case .probe(let frame):
      let outcome = await services.encoders.run(cutAt: cutAt) { await services.encoder.probe(frame) }
      return machine.probed(outcome)
    case .encode(let job): return machine.encoded(await encode(job))
    case .publish(let temporary, let path):
      return machine.published(await publish(temporary, path))
    case .findLargest:
      let found = try? await services.storage.run(device) { [device] adapter throws(StorageError) in
        try Self.largest(device, adapter)
      }
      if found == nil { troubled() }
      return machine.foundLargest(found)
    case .unpublish(let number):
      let path = StoragePath.segment(device, number)
      _ = await error { adapter throws(StorageError) in try adapter.delete(path) }
      return machine.unpublished()
    case .finish(let letters, let entries):
      return machine.finished(await finish(letters, entries, machine))
    case .commit, .wait, .end: return action
    }
  }

  nonisolated(nonsending) private func begin(
    _ tryNumber: Int, _ above: UInt64?, _ machine: BatchMachine
  ) async -> BeginAnswer? {
    guard services.mayRecord() else { return nil }
    let answer = try? await services.store.begin(
      owned, device, generation: machine.generation, firstEntry: machine.firstEntry, tryNumber: tryNumber,
      above: above)
    switch answer {
    case .begun: services.onStep(.begun)
    case .fenced: fenced("begin")
    case .unseeded, .reset, nil: break
    }
    return answer
  }

  private func fenced(_ step: String) {
    metrics.fenced.with([step]).add()
    services.onFenced(owned)
  }

  private func troubled() { metrics.errors.add(1, ["storage"], of: device) }

  private var metrics: RecorderMetrics { services.metrics }

  nonisolated(nonsending) func commit(_ segment: SegmentCommit) async -> CommitAnswer? {
    guard services.mayRecord() else { return nil }
    let start = ContinuousClock.now
    let answer = try? await services.store.commit(owned, segment)
    switch answer {
    case .recorded:
      services.onStep(.committed)
      metrics.commitSeconds.observe((ContinuousClock.now - start) / .seconds(1))
      note(segment)
      _ = try? await services.store.trim(device)
    case .already: note(segment)
    case .seen(let events): metrics.duplicates.with(["commit"]).add(UInt64(events.count))
    case .fenced: fenced("commit")
    case nil: metrics.errors.add(1, ["commit"], of: device)
    case .numberTaken, .otherSession, .reset: break
    }
    return answer
  }

  private func note(_ segment: SegmentCommit) {
    metrics.segments.add(of: device)
    metrics.recorded.add(UInt64(segment.frames))
    metrics.segmentBytes.add(UInt64(segment.bytes))
    metrics.note(segment.letters, of: device)
    if let reason = segment.endReason { metrics.sessionsEnded.with([reason.rawValue]).add() }
  }

  /// Those of them that lie where devices' frames do.
  nonisolated(nonsending) func unlink(_ files: [StoragePath]) async {
    let folder = StoragePath.frames(device)
    for file in files where file.folder == folder {
      // What stays goes with the retention.
      _ = await error { adapter throws(StorageError) in try adapter.delete(file) }
    }
  }

  nonisolated(nonsending) private func finish(
    _ letters: [DeadLetter], _ entries: [EntryID], _ machine: BatchMachine
  ) async -> OwnerAnswer? {
    guard services.mayRecord() else { return nil }
    let answer = try? await services.store.finish(
      owned, entries: entries, letters: letters, batches: [machine.firstEntry])
    switch answer {
    case .done: metrics.note(letters, of: device)
    case .fenced: fenced("finish")
    case nil: break
    }
    return answer
  }

  nonisolated(nonsending) private func seed() async -> Bool {
    do {
      let captures = try await services.store.captures(device)
      let (frameTime, target) = (services.settings.batch.encoding.frameTime, services.settings.batch.target)
      let found = try await services.storage.run(device) { [device] adapter throws(StorageError) in
        try DeviceImport.look(at: device, in: adapter, captures: captures, frameTime: frameTime, target: target)
      }
      let answer = try await services.store.seed(
        owned, device, found.segments, largest: found.largest, target: found.target)
      if case .fenced = answer { fenced("seed") }
      return answer == .seeded || answer == .known
    } catch {
      services.logger.warning("a device was not imported", ["frames.device": "\(device)", "error": "\(error)"])
      return false
    }
  }

  /// In a folder that is there, of files that are.
  nonisolated(nonsending) private func outcome(of job: EncodeJob) async -> EncodeOutcome {
    let folder = StoragePath.segments(device)
    if let error = await error({ adapter throws(StorageError) in try adapter.create(folder) }) {
      return .prevented(error.description)
    }
    let outcome = await services.encoders.run(cutAt: cutAt) {
      let start = ContinuousClock.now
      defer { metrics.encodeSeconds.observe((ContinuousClock.now - start) / .seconds(1)) }
      return await services.encoder.encode(job)
    }
    return await doubt(outcome, job).map { .prevented($0.description) } ?? outcome
  }

  nonisolated(nonsending) private func encode(_ job: EncodeJob) async -> EncodeOutcome {
    let outcome = await outcome(of: job)
    switch outcome {
    case .done(let report):
      services.onStep(.encoded)
      metrics.encodeMicroseconds.add(UInt64(max(0, report.processorMicroseconds)))
      metrics.truncated.add(UInt64(report.frames.count { $0 == .good(truncated: true) }))
    case .failed(let reason), .prevented(let reason):
      if case .failed = outcome {
        metrics.errors.add(1, ["ffmpeg"], of: device)
        metrics.retries.with(["failed"]).add()
      } else {
        troubled()
        metrics.retries.with(["prevented"]).add()
      }
      services.logger.warning("a segment was not encoded", ["frames.device": "\(device)", "error": reason])
      if let output = StoragePath(job.output) {
        _ = await error { adapter throws(StorageError) in try adapter.delete(output) }
      }
    }
    return outcome
  }

  /// Why the files that an encoder has missed may be there all the same: the storage was away when it looked, or is now.
  nonisolated(nonsending) private func doubt(_ outcome: EncodeOutcome, _ job: EncodeJob) async -> StorageError? {
    guard case .done(let report) = outcome else { return nil }
    let missing = zip(job.frames, report.frames).compactMap { frame, outcome in
      if case .bad(.missing, _) = outcome { StoragePath(frame.path) } else { nil }
    }
    guard !missing.isEmpty else { return nil }
    return await error { adapter throws(StorageError) in
      // Of the storage that is there now.
      _ = try adapter.space()
      guard try adapter.look(.clients) != nil else { throw .noClients("look at") }
      for path in missing where try adapter.look(path)?.kind == .file {
        throw StorageError(code: .failed, operation: "find", path: path.text, reason: "it was away for a moment")
      }
    }
  }

  /// Where the name is taken the segment is made again for another one.
  nonisolated(nonsending) private func publish(_ temporary: StoragePath, _ path: StoragePath) async -> StorageError? {
    let failure = await error { adapter throws(StorageError) in try adapter.publish(temporary, as: path) }
    if failure == nil { services.onStep(.published) }
    if failure?.code == .exists {
      _ = await error { adapter throws(StorageError) in try adapter.delete(temporary) }
    } else if failure != nil {
      troubled()
    }
    return failure
  }

  nonisolated(nonsending) private func error(
    _ work: @escaping @Sendable (any StorageAdapter) throws(StorageError) -> Void
  ) async -> StorageError? {
    do throws(StorageError) {
      try await services.storage.run(device, work)
      return nil
    } catch {
      return error
    }
  }

  private static func largest(_ device: DevicePair, _ adapter: any StorageAdapter) throws(StorageError) -> UInt64 {
    var largest: UInt64 = 0
    try adapter.list(StoragePath.segments(device)) { entry in
      largest = max(largest, SegmentName.number(of: entry.name) ?? 0)
      return true
    }
    return largest
  }
}
