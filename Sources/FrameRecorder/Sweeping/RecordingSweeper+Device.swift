extension RecordingSweeper {
  nonisolated(nonsending) mutating func sweep(
    _ device: DevicePair, _ record: DeviceRecord, hasFolder: Bool, _ work: inout SweepWork
  ) async throws {
    if record.session != nil { work.activeSessions += 1 }
    var (record, isDue) = (record, true)
    if let looked = lookedAt[device], work.now.milliseconds(since: looked) < Self.lookPause { isDue = work.isLow }
    // Nothing is deleted because of an index that is not there: the disk says what there is.
    var isAdopted = false
    if record.indexed == nil, hasFolder, isDue, let adopted = try await adopt(device, work.rule) {
      (record, isAdopted) = (adopted, true)
    }
    let isTrimmed = try await trim(device)
    // What the one who made the files wrote names other URIs.
    if isAdopted, !isTrimmed { try await PlaylistFile.write(device, services) }
    guard hasFolder, isDue else { return }
    let look = try await look(at: device, record, work)
    let left = await remove(look.left, of: device, &work)
    work.report.orphansDeleted += left
    if left == look.left.count { lookedAt[device] = work.now }
    let orphans = try await store.unknown(
      look.segments.keys.sorted(), of: device, indexed: record.indexed)
    let removed = await remove(orphans.compactMap { look.segments[$0] }, of: device, &work)
    work.report.orphansDeleted += removed
    work.report.segmentsDeleted += removed
    work.report.framesDeleted += await remove(look.frames, of: device, &work)
    for file in look.early {
      work.early.add(
        OldestFrames.Frame(modified: file.modified, device: device, name: file.path.name, size: file.size))
    }
    if look.hasPlaylist, record.indexed != nil, try await !store.hasSegments(device) {
      try await PlaylistFile.write(device, services)
    }
    try await sweepArchives(of: device, look.archives, work)
    try await removeEmpty(Self.folders(device), work.rule)
  }

  nonisolated(nonsending) private func look(
    at device: DevicePair, _ record: DeviceRecord, _ work: SweepWork
  ) async throws(StorageError) -> DeviceLook {
    let (rule, isLow, before) = (work.rule, work.isLow, lookedAt[device])
    let pending = work.oldestPending[store.keys.partition(of: device)]
    return try await storage.run(device) { adapter throws(StorageError) in
      try DeviceLook.take(device, record, rule, oldestPending: pending, isLow: isLow, since: before, in: adapter)
    }
  }

  /// Imports a device that has segments and no index. Nil: it has none, or its owner is at it. One that records imports it
  /// itself: what it has published and not yet committed must not be listed by another one.
  nonisolated(nonsending) private func adopt(
    _ device: DevicePair, _ rule: SweepRule
  ) async throws -> DeviceRecord? {
    let captures = try await store.captures(device)
    let (frameTime, target) = (services.settings.sweep.frameTime, services.settings.sweep.target)
    let found = try await storage.run(device) { adapter throws(StorageError) in
      try DeviceImport.look(at: device, in: adapter, captures: captures, frameTime: frameTime, target: target)
    }
    guard found.largest != nil, found.segments.allSatisfy({ rule.isAtRest($0.recorded) }) else { return nil }
    guard try await store.adopt(device, found) == .seeded else { return nil }
    if let newest = found.segments.last { try await store.list(device, seen: newest.recorded) }
    return try await store.look(at: [(device, [])])[0].get().record
  }

  /// What is too old leaves the index. True: something did.
  nonisolated(nonsending) func trim(_ device: DevicePair, retention: Int64? = nil) async throws -> Bool {
    var count = 0
    var answer: (count: Int, hasMore: Bool)
    repeat {
      answer = try await store.trim(device, retention: retention)
      count += answer.count
    } while answer.hasMore && !Task.isCancelled
    if count > 0 { try await PlaylistFile.write(device, services) }
    return count > 0
  }

  /// Archives that Redis does not know are entered again; without `archive.json` they are nobody's to judge.
  nonisolated(nonsending) private func sweepArchives(
    of device: DevicePair, _ sessions: [SessionID], _ work: SweepWork
  ) async throws {
    for member in try await store.unknown(sessions.map { ArchiveMember(device, $0) }) {
      let record = try await storage.run(device) { adapter throws(StorageError) in
        try ArchiveRecord.read(member, in: adapter)
      }
      if let record {
        _ = try await store.enter(record, of: member)
      } else {
        try await removeEmpty(
          [.archiveSegments(device, member.session), .archive(device, member.session)], work.rule)
      }
    }
  }

  private static func folders(_ device: DevicePair) -> [StoragePath] {
    [.frames(device), .segments(device), .media(device), .archives(device), .device(device)]
  }

  /// Folders that have been empty for a while, the inner ones first.
  nonisolated(nonsending) func removeEmpty(
    _ folders: [StoragePath], _ rule: SweepRule
  ) async throws(StorageError) {
    try await storage.run { adapter throws(StorageError) in
      for folder in folders {
        guard let entry = try adapter.look(folder), entry.kind == .folder, rule.isLeft(entry.modified) else { continue }
        try adapter.delete(folder)
      }
    }
  }

  /// Answers how many were there. What cannot be removed is noted.
  nonisolated(nonsending) func remove(
    _ files: [DeviceLook.File], of device: DevicePair, _ work: inout SweepWork
  ) async -> Int {
    var removed = 0
    var rest = files[...]
    while !rest.isEmpty, !Task.isCancelled {
      let part = Array(rest.prefix(work.pace.part))
      rest = rest.dropFirst(part.count)
      do throws(StorageError) {
        let sizes = try await storage.run(device) { adapter throws(StorageError) in
          var sizes: [Int64] = []
          for file in part where try adapter.delete(file.path) { sizes.append(file.size) }
          return sizes
        }
        removed += sizes.count
        work.report.bytesFreed += sizes.reduce(0, +)
      } catch {
        work.report.note(error)
      }
      await work.pace.passed(part.count)
    }
    return removed
  }
}
