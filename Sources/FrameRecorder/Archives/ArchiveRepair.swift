package import JSONCoding

/// Adopts archives that the reference made: `millrace archive-repair`. May be done again at any time.
package struct ArchiveRepair: Sendable {
  package struct Options: Hashable, Sendable {
    /// Nil: of all.
    package var session: SessionID?
    package var device: DevicePair?
    /// Archives that are repaired at most.
    package var limit: Int?
    /// Times go on from segment to segment.
    package var remuxes = false

    package init(
      session: SessionID? = nil, device: DevicePair? = nil, limit: Int? = nil, remuxes: Bool = false
    ) {
      (self.session, self.device, self.limit, self.remuxes) = (session, device, limit, remuxes)
    }
  }

  package struct Report: Sendable, Equatable {
    /// Looked at.
    package var archives = 0
    package var repaired = 0
    /// Ours, or repaired before.
    package var sound = 0
    package var remuxed = 0
    package var errors: [String] = []

    package init() {}

    package var json: JSON {
      .object([
        ("archives", .integer(archives)), ("repaired", .integer(repaired)), ("sound", .integer(sound)),
        ("segments_remuxed", .integer(remuxed)), ("errors", .array(errors.map { .string($0) })),
      ])
    }
  }

  private let services: KeepingServices
  private var storage: StorageThreads { services.storage }
  private static let mostErrors = 100

  package init(_ services: KeepingServices) { self.services = services }

  /// What fails is in the report.
  nonisolated(nonsending) package func repair(_ options: Options) async -> Report {
    var report = Report()
    do {
      for device in try await devices(options) {
        for member in try await archives(of: device, options) where !Task.isCancelled {
          if let limit = options.limit, report.repaired >= limit { return report }
          report.archives += 1
          do {
            try await repair(member, options, &report)
          } catch {
            if report.errors.count < Self.mostErrors { report.errors.append("\(member): \(error)") }
          }
        }
      }
    } catch {
      report.errors.append("\(error)")
    }
    return report
  }

  nonisolated(nonsending) private func devices(_ options: Options) async throws(StorageError) -> [DevicePair] {
    if let device = options.device {
      return [try await storage.run(device) { adapter throws(StorageError) in try adapter.device(device) }]
    }
    return try await storage.run { adapter throws(StorageError) in
      var devices: [DevicePair] = []
      for client in try StorageWalk.clients(adapter) ?? [] { devices += try StorageWalk.devices(of: client, adapter) }
      return devices
    }
  }

  nonisolated(nonsending) private func archives(
    of device: DevicePair, _ options: Options
  ) async throws(StorageError) -> [ArchiveMember] {
    let sessions = try await storage.run(device) { adapter throws(StorageError) in
      var sessions: [SessionID] = []
      try adapter.list(.archives(device)) { entry in
        if entry.kind == .folder, let session = SessionID(entry.name) { sessions.append(session) }
        return true
      }
      return sessions
    }
    return sessions.filter { options.session == nil || $0 == options.session }.sorted { $0.text < $1.text }
      .map { ArchiveMember(device, $0) }
  }

  nonisolated(nonsending) private func repair(
    _ member: ArchiveMember, _ options: Options, _ report: inout Report
  ) async throws {
    let known = try await storage.run(member.device) { adapter throws(StorageError) in
      try ArchiveRecord.read(member, in: adapter)
    }
    if let known {
      guard options.remuxes, known.isAdopted, try await remux(member, known, &report) else {
        report.sound += 1
        return
      }
    } else if try await services.store.unknown([member]).isEmpty {
      // One that is being made has no record yet.
      report.sound += 1
    } else {
      try await adopt(member, options, &report)
    }
  }

  nonisolated(nonsending) private func adopt(
    _ member: ArchiveMember, _ options: Options, _ report: inout Report
  ) async throws {
    var archive = try await look(at: member)
    guard !archive.segments.isEmpty else { throw Empty() }
    if options.remuxes { report.remuxed += try await remux(&archive) }
    let now = try await services.store.now()
    let retention = services.store.settings.archive.expiry(lastReceived: now).milliseconds(since: now)
    let record = archive.record(now: now, retention: retention)
    let playlist = archive.playlist
    try await storage.run(member.device) { adapter throws(StorageError) in
      try adapter.put(playlist, at: .archivePlaylist(member.device, member.session), replaces: true)
      try adapter.put(record.bytesOfJSON, at: .archiveRecord(member.device, member.session), replaces: true)
    }
    _ = try await services.store.enter(record, of: member)
    report.repaired += 1
  }

  /// One that was adopted as it was. False: its times go on, or only a segment that is missing parts them.
  nonisolated(nonsending) private func remux(
    _ member: ArchiveMember, _ known: ArchiveRecord, _ report: inout Report
  ) async throws -> Bool {
    let path = StoragePath.archivePlaylist(member.device, member.session)
    let before = try await storage.run(member.device) { adapter throws(StorageError) in try adapter.read(path, nil) }
    guard DevicePlaylist.hasDiscontinuity(before) else { return false }
    var archive = try await look(at: member)
    guard archive.segments.count == known.segments else { throw Incomplete(found: archive.segments.count, of: known) }
    report.remuxed += try await remux(&archive)
    let playlist = archive.playlist
    guard playlist != before else { return false }
    try await storage.run(member.device) { adapter throws(StorageError) in
      try adapter.put(playlist, at: path, replaces: true)
    }
    report.repaired += 1
    return true
  }

  nonisolated(nonsending) private func look(at member: ArchiveMember) async throws(StorageError) -> ForeignArchive {
    let frameTime = services.settings.sweep.frameTime
    return try await storage.run(member.device) { adapter throws(StorageError) in
      try ForeignArchive.look(at: member, in: adapter, frameTime: frameTime)
    }
  }

  private struct Empty: Error, CustomStringConvertible {
    let description = "no segment of it has media"
  }

  private struct Incomplete: Error, CustomStringConvertible {
    let description: String

    init(found: Int, of known: ArchiveRecord) {
      description = "\(found) of its \(known.segments) segments have media; it stays as it is"
    }
  }

  /// Each segment becomes a new file: the one that is linked with it stays as it is. Answers how many changed.
  nonisolated(nonsending) private func remux(_ archive: inout ForeignArchive) async throws(StorageError) -> Int {
    var remux = SegmentRemux()
    var changed = 0
    for index in archive.segments.indices {
      let segment = archive.segments[index]
      let path = StoragePath.archiveSegment(archive.member.device, archive.member.session, segment.number)
      let before = remux
      let (after, start, isChanged) = try await storage.run(archive.member.device) { adapter throws(StorageError) in
        guard segment.bytes <= SegmentRemux.mostBytes else {
          throw StorageError(code: .failed, operation: "remux", path: path.text, reason: "it is too large")
        }
        var remux = before
        let old = try adapter.read(path, nil)
        var bytes = old
        let start = remux.join(&bytes, pts: segment.pts, duration: segment.duration)
        if bytes != old { try adapter.put(bytes, at: path, replaces: true) }
        return (remux, start, bytes != old)
      }
      (remux, archive.segments[index].pts) = (after, start)
      archive.segments[index].discontinuitySequence = 0
      if isChanged { changed += 1 }
    }
    return changed
  }
}
