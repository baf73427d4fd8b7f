internal import Observability

/// Removes what is too old, of all devices. Used by one task at a time; what it does may be done twice.
package struct RecordingSweeper: Sendable {
  let services: KeepingServices
  private var shed = ShedRule()
  let playlistFile: PlaylistFile
  /// When folders of devices without an index were looked at.
  var lookedAt: [DevicePair: FrameTime] = [:]
  private let looksAtAll: Bool
  /// Segments of indexes that are kept in memory.
  private static let mostSegments = 100_000
  /// Devices whose records are read at a time.
  private static let part = 200

  /// `looksAtAll`: into each device's folder in each sweep, whenever that was done last.
  package init(_ services: KeepingServices, looksAtAll: Bool = false) {
    (self.services, self.looksAtAll) = (services, looksAtAll)
    let indexes = DeviceIndexes(store: services.store, mostSegments: Self.mostSegments)
    playlistFile = PlaylistFile(
      playlists: DevicePlaylists(indexes: indexes, target: services.settings.sweep.target), storage: services.storage,
      isWritten: services.settings.sweep.writesPlaylists)
  }

  var store: FrameStore { services.store }
  var storage: StorageThreads { services.storage }

  /// One sweep. What cannot be done is noted, and tried again by the next.
  nonisolated(nonsending) package mutating func sweep() async -> SweepReport {
    let start = ContinuousClock.now
    var report: SweepReport
    do {
      var work = try await begin()
      try await sweep(&work)
      report = work.report
      try await store.swept()
      services.metrics.sessionsActive.set(Double(work.activeSessions))
    } catch {
      report = SweepReport()
      report.note(error)
    }
    services.metrics.cleanupSeconds.observe((ContinuousClock.now - start) / .seconds(1))
    services.metrics.orphansDeleted.add(UInt64(report.orphansDeleted))
    for error in report.errors { services.logger.warning("a sweep left something", ["error": error]) }
    return report
  }

  nonisolated(nonsending) private func begin() async throws -> SweepWork {
    let settings = services.settings.sweep
    // Before anything is listed: what comes later is younger.
    let pending = try await store.oldestPending()
    let rule = SweepRule(now: try await store.now(), keepHours: settings.keepHours)
    return SweepWork(
      rule: rule, oldestPending: pending, isLow: try await isLow(), looksAtAll: looksAtAll,
      pace: DeletionPace(perSecond: settings.deletionsPerSecond))
  }

  nonisolated(nonsending) func isLow() async throws(StorageError) -> Bool {
    try await services.measure().freePercent < services.settings.sweep.lowFreePercent
  }

  nonisolated(nonsending) private mutating func sweep(_ work: inout SweepWork) async throws {
    let known = try await store.knownDevices()
    let clients = try await storage.run { adapter throws(StorageError) in try StorageWalk.clients(adapter) }
    guard let clients else {
      if !known.isEmpty { work.report.note(Self.unmounted) }
      return
    }
    var folders: Set<DevicePair> = []
    for client in clients {
      folders.formUnion(
        try await storage.run { adapter throws(StorageError) in try StorageWalk.devices(of: client, adapter) })
    }
    work.devices = known.union(folders).sorted()
    lookedAt = lookedAt.filter { folders.contains($0.key) }
    await sweepDevices(folders, &work)
    for client in clients where !Task.isCancelled { await sweepLinks(of: client, &work) }
    await sweepTrash(&work)
    await sweepArchives(&work)
    await makeSpace(&work)
    _ = try await store.forgetExpired(now: work.now)
    let archives = try await store.countArchives()
    for state in [SessionState.ended, .archiving, .ready, .failed, .deleting] {
      services.metrics.archives.with([state.rawValue]).set(Double(archives[state] ?? 0))
    }
  }

  private static let unmounted = StorageError(
    code: .failed, operation: "sweep", path: StoragePath.clients.text,
    reason: "there is no such folder, and Redis has devices; is the storage mounted?")

  nonisolated(nonsending) private mutating func sweepDevices(_ folders: Set<DevicePair>, _ work: inout SweepWork) async
  {
    var rest = work.devices[...]
    work.report.devices = rest.count
    while !rest.isEmpty, !Task.isCancelled {
      let part = Array(rest.prefix(Self.part))
      rest = rest.dropFirst(part.count)
      do {
        let records = try await store.look(at: part.map { ($0, []) })
        for (device, record) in zip(part, records) where !Task.isCancelled {
          do {
            try await sweep(device, try record.get().record, hasFolder: folders.contains(device), &work)
          } catch {
            work.report.note(error)
          }
        }
      } catch {
        work.report.note(error)
        return
      }
    }
  }

  nonisolated(nonsending) private func sweepArchives(_ work: inout SweepWork) async {
    let cleaned = await ArchiveCleaner(services).removeDue(pace: &work.pace)
    work.report.archivesDeleted += cleaned.removed
    for error in cleaned.errors { work.report.note(error) }
  }

  /// JPEGs that are recorded, oldest first; then segments, if that is wanted.
  nonisolated(nonsending) private mutating func makeSpace(_ work: inout SweepWork) async {
    do {
      var frames = work.early.oldestFirst[...]
      while try await isLow(), !frames.isEmpty, !Task.isCancelled {
        let part = frames.prefix(200)
        frames = frames.dropFirst(part.count)
        for (device, frames) in Dictionary(grouping: part, by: \.device) {
          let files = frames.compactMap { frame in
            StoragePath.frames(device).entry(frame.name).map {
              DeviceLook.File(path: $0, modified: frame.modified, size: frame.size)
            }
          }
          work.report.framesDeleted += await remove(files, of: device, &work)
        }
      }
      guard services.settings.sweep.shedsSegments,
        let retention = shed.swept(isLow: try await isLow(), retention: store.settings.retention.retention)
      else { return }
      services.logger.warning(
        "there is little space: segments go early", ["frames.retention_hours": "\(retention / 3_600_000)"])
      for device in work.devices where !Task.isCancelled { _ = try await trim(device, retention: retention) }
    } catch {
      work.report.note(error)
    }
  }
}
