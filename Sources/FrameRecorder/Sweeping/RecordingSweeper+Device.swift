extension RecordingSweeper {
  nonisolated(nonsending) mutating func sweep(
    _ device: DevicePair, _ record: DeviceRecord, hasFolder: Bool, _ work: inout SweepWork
  ) async throws {
    if record.session != nil { work.activeSessions += 1 }
    var (record, isBusy) = (record, false)
    let isDue = work.isLow || work.looksAtAll || isLookDue(device, record, work)
    // Nothing is deleted because of an index that is not there: the disk says what there is.
    var isAdopted = false
    if record.indexed == nil, hasFolder, isDue {
      switch try await adopt(device, work.rule) {
      case .adopted(let adopted): (record, isAdopted) = (adopted, true)
      case .busy: isBusy = true
      case .nothing: break
      }
    }
    let isTrimmed = try await trim(device)
    // What the one who made the files wrote names other URIs.
    if isAdopted, !isTrimmed { try await playlistFile.writeUntilCurrent(device) }
    guard hasFolder, isDue else { return }
    let look = try await look(at: device, record, work)
    let failures = work.report.failures
    work.report.orphansDeleted += await remove(look.left, of: device, &work)
    let orphans = try await store.unknown(
      look.segments.keys.sorted(), of: device, indexed: record.indexed)
    let removed = await remove(orphans.compactMap { look.segments[$0] }, of: device, &work)
    work.report.orphansDeleted += removed
    work.report.segmentsDeleted += removed
    services.metrics.segmentsDeleted.add(UInt64(removed), of: device)
    work.report.framesDeleted += await remove(look.frames, of: device, &work)
    for file in look.early {
      work.early.add(
        OldestFrames.Frame(modified: file.modified, device: device, name: file.path.name, size: file.size))
    }
    if look.hasPlaylist, record.indexed != nil, try await !store.hasSegments(device) {
      try await playlistFile.writeUntilCurrent(device)
    }
    try await sweepArchives(of: device, look.archives, work)
    try await removeEmpty(Self.folders(device), work.rule)
    // Where something failed the next sweep looks again.
    guard work.report.failures == failures, !Task.isCancelled else { return }
    lookedAt[device] = record.indexed == nil && !isBusy ? work.now : nil
    try await store.looked(device, at: work.now)
  }

  private func isLookDue(_ device: DevicePair, _ record: DeviceRecord, _ work: SweepWork) -> Bool {
    if record.indexed == nil { return work.rule.looks.isDueWithoutIndex(looked: lookedAt[device], now: work.now) }
    return work.rule.looks.isDue(device, looked: record.looked, now: work.now)
  }

  nonisolated(nonsending) private func look(
    at device: DevicePair, _ record: DeviceRecord, _ work: SweepWork
  ) async throws(StorageError) -> DeviceLook {
    let (rule, isLow) = (work.rule, work.isLow)
    let before = work.looksAtAll ? nil : record.looked
    let pending = work.oldestPending[store.keys.partition(of: device)]
    return try await storage.run(device) { adapter throws(StorageError) in
      try DeviceLook.take(device, record, rule, oldestPending: pending, isLow: isLow, since: before, in: adapter)
    }
  }

  private enum Adoption {
    case nothing
    /// Its owner may be at it, who imports it himself: what he has published and not yet committed must not be listed by
    /// another one.
    case busy
    case adopted(DeviceRecord)
  }

  /// Imports a device that has segments and no index.
  nonisolated(nonsending) private func adopt(_ device: DevicePair, _ rule: SweepRule) async throws -> Adoption {
    let captures = try await store.captures(device)
    let (frameTime, target) = (services.settings.sweep.frameTime, services.settings.sweep.target)
    let found = try await storage.run(device) { adapter throws(StorageError) in
      try DeviceImport.look(at: device, in: adapter, captures: captures, frameTime: frameTime, target: target)
    }
    guard found.largest != nil else { return .nothing }
    guard found.segments.allSatisfy({ rule.isAtRest($0.recorded) }) else { return .busy }
    guard try await store.adopt(device, found) == .seeded else { return .busy }
    if let newest = found.segments.last { try await store.list(device, seen: newest.recorded) }
    return .adopted(try await store.look(at: [(device, [])])[0].get().record)
  }

  /// What is too old leaves the index. True: something did.
  nonisolated(nonsending) func trim(_ device: DevicePair, retention: Int64? = nil) async throws -> Bool {
    var count = 0
    var answer: (count: Int, hasMore: Bool)
    repeat {
      answer = try await store.trim(device, retention: retention)
      count += answer.count
    } while answer.hasMore && !Task.isCancelled
    if count > 0 { try await playlistFile.writeUntilCurrent(device) }
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
