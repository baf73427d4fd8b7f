package import JSONCoding

/// Removes archives whose time is over.
package struct ArchiveCleaner: Sendable {
  private let services: KeepingServices

  package init(_ services: KeepingServices) { self.services = services }

  package struct Report: Sendable, Equatable {
    package var removed = 0
    package var errors: [String] = []

    /// What `millrace archive-cleanup` prints.
    package var json: JSON {
      .object([("archives_deleted", .integer(removed)), ("errors", .array(errors.map { .string($0) }))])
    }
  }

  /// What fails is in the report, and tried again by the next.
  nonisolated(nonsending) package func removeDue() async -> Report {
    var pace = DeletionPace(perSecond: services.settings.sweep.deletionsPerSecond)
    return await removeDue(pace: &pace)
  }

  nonisolated(nonsending) func removeDue(pace: inout DeletionPace) async -> Report {
    var report = Report()
    do {
      for due in try await services.store.dueArchives([.ready, .failed, .deleting]) where !Task.isCancelled {
        do {
          if try await remove(due.member, due.state, &pace) { report.removed += 1 }
        } catch {
          report.errors.append("\(due.member): \(error)")
        }
      }
    } catch {
      report.errors.append("\(error)")
    }
    return report
  }

  nonisolated(nonsending) private func remove(
    _ member: ArchiveMember, _ state: SessionState?, _ pace: inout DeletionPace
  ) async throws -> Bool {
    let store = services.store
    guard state != nil else {
      try await enterOrForget(member)
      return false
    }
    guard try await store.remove(member, .begin) == .done else { return false }
    try await services.storage.run(member.device) { adapter throws(StorageError) in
      guard try StorageWalk.clients(adapter) != nil else {
        throw StorageError(
          code: .failed, operation: "look at", path: StoragePath.clients.text, reason: "there is no such folder")
      }
    }
    var count = 0
    var isGone = false
    while !isGone, !Task.isCancelled {
      let most = pace.part
      let part = try await services.storage.run(member.device) { adapter throws(StorageError) in
        try Self.removePart(of: member, atMost: most, adapter)
      }
      (count, isGone) = (count + part.count, part.isGone)
      await pace.passed(part.count)
    }
    guard isGone else { return false }
    return try await store.remove(member, .end) == .done
  }

  /// `archive.json` last: until then the folder is known for what it is.
  private static func removePart(
    of member: ArchiveMember, atMost most: Int, _ storage: any StorageAdapter
  ) throws(StorageError) -> (count: Int, isGone: Bool) {
    let folder = StoragePath.archiveSegments(member.device, member.session)
    var names: [String] = []
    try storage.list(folder) { entry in
      if entry.kind != .folder { names.append(entry.name) }
      return names.count < most
    }
    for name in names { if let path = folder.entry(name) { try storage.delete(path) } }
    guard names.isEmpty else { return (names.count, false) }
    try storage.deleteFolder(.archive(member.device, member.session))
    return (1, true)
  }

  /// Redis has lost its record.
  nonisolated(nonsending) private func enterOrForget(_ member: ArchiveMember) async throws {
    let record = try await services.storage.run(member.device) { adapter throws(StorageError) in
      try ArchiveRecord.read(member, in: adapter)
    }
    if let record {
      _ = try await services.store.enter(record, of: member)
    } else {
      _ = try await services.store.remove(member, .forget)
    }
  }
}

extension ArchiveRecord {
  /// Nil: there is none, or it is not this archive's.
  static func read(
    _ member: ArchiveMember, in storage: any StorageAdapter
  ) throws(StorageError) -> ArchiveRecord? {
    let path = StoragePath.archiveRecord(member.device, member.session)
    guard let entry = try storage.look(path), entry.kind == .file, entry.size <= Int64(mostBytes) else { return nil }
    return ArchiveRecord(try storage.read(path, nil)).flatMap { $0.session == member.session ? $0 : nil }
  }
}
