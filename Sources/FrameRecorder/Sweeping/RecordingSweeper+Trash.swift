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
}
