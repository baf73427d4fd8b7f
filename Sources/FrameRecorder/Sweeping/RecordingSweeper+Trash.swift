extension RecordingSweeper {
  /// Segments that left the index and whose grace is over.
  nonisolated(nonsending) func sweepTrash(_ work: inout SweepWork) async {
    for partition in store.keys.allPartitions where !Task.isCancelled {
      do {
        try await sweepTrash(partition, &work)
      } catch {
        work.report.note(error)
      }
    }
  }

  nonisolated(nonsending) private func sweepTrash(_ partition: FramePartition, _ work: inout SweepWork) async throws {
    var skipped = 0
    while !Task.isCancelled {
      // Few at a time: a reset takes its device's out of the trash.
      let due = try await store.dueTrash(
        partition, now: work.now, skipping: skipped, atMost: work.pace.part)
      guard !due.isEmpty else { return }
      let gone = try await removeTrash(due, &work)
      try await store.forget(gone, of: partition)
      skipped += due.count - gone.count
      await work.pace.passed(due.count)
    }
  }

  nonisolated(nonsending) private func removeTrash(
    _ due: [FrameStore.Trash], _ work: inout SweepWork
  ) async throws -> [FrameStore.Trash] {
    let (gone, deleted, bytes, failure) = try await storage.run { adapter throws(StorageError) in
      var gone: [FrameStore.Trash] = []
      var (deleted, bytes, failure) = ([] as [DevicePair], Int64(0), nil as StorageError?)
      guard try StorageWalk.clients(adapter) != nil else { throw Self.gone }
      for trash in due {
        let path = StoragePath.segment(trash.device, trash.number)
        do throws(StorageError) {
          let size = try adapter.look(path)?.size ?? 0
          if try adapter.delete(path) {
            deleted.append(trash.device)
            bytes += size
          }
          gone.append(trash)
        } catch {
          failure = error
        }
      }
      return (gone, deleted, bytes, failure)
    }
    work.report.segmentsDeleted += deleted.count
    for device in deleted { services.metrics.segmentsDeleted.add(of: device) }
    work.report.bytesFreed += bytes
    if let failure { work.report.note(failure) }
    return gone
  }

  private static let gone = StorageError(
    code: .failed, operation: "sweep", path: StoragePath.clients.text, reason: "the folder is gone")

  /// Links to frames of which none is left, and a client's folder that is empty.
  nonisolated(nonsending) func sweepLinks(of client: SafeName, _ work: inout SweepWork) async {
    let rule = work.rule
    do throws(StorageError) {
      let removed = try await storage.run { adapter throws(StorageError) in
        var removed = 0
        for folder in [StoragePath.secondaryKeys(of: client), .requests(of: client)] {
          for link in try Self.idleLinks(in: folder, rule, adapter) where try adapter.delete(link) { removed += 1 }
        }
        return removed
      }
      try await removeEmpty(
        [.secondaryKeys(of: client), .requests(of: client), .devices(of: client), .client(client)], rule)
      await work.pace.passed(removed)
    } catch {
      work.report.note(error)
    }
  }

  private static let mostLinks = 10_000

  private static func idleLinks(
    in folder: StoragePath, _ rule: SweepRule, _ storage: any StorageAdapter
  ) throws(StorageError) -> [StoragePath] {
    var links: [StoragePath] = []
    try storage.list(folder) { entry in
      if entry.kind == .link, rule.isLeft(entry.modified), let link = folder.entry(entry.name) { links.append(link) }
      return links.count < mostLinks
    }
    var idle: [StoragePath] = []
    for link in links {
      var hasFrames = false
      do throws(StorageError) {
        try storage.list(link) { _ in
          hasFrames = true
          return false
        }
      } catch {
        // It leads out of the base, or to no folder: it is not ours.
        continue
      }
      if !hasFrames { idle.append(link) }
    }
    return idle
  }
}
