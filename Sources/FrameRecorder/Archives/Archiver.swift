internal import Observability

/// Makes archives of sessions that have ended: the shell of `ArchiveStateMachine`. Two that are at one archive do no harm.
package struct Archiver: Sendable {
  private let services: KeepingServices
  private var store: FrameStore { services.store }
  /// A claim is renewed this long before it would end.
  private static let renewal = FrameStore.archiveClaim / 3

  package init(_ services: KeepingServices) { self.services = services }

  /// Makes what is due now, one after the other. Answers how many became ready.
  nonisolated(nonsending) package func makeDue() async throws(FrameStoreError) -> Int {
    var ready = 0
    for due in try await store.dueArchives([.ended, .archiving]) where !Task.isCancelled {
      if await make(due.member) { ready += 1 }
    }
    return ready
  }

  /// True: it is ready.
  nonisolated(nonsending) package func make(_ member: ArchiveMember) async -> Bool {
    let start = ContinuousClock.now
    var work = ArchiveWork(member)
    while !Task.isCancelled, work.machine.step != .stop { await perform(&work) }
    guard work.isReady else { return false }
    services.metrics.archiveSeconds.observe((ContinuousClock.now - start) / .seconds(1))
    return true
  }

  private struct ArchiveWork {
    let member: ArchiveMember
    var machine = ArchiveStateMachine()
    var begun: ArchiveBeginning.Begun?
    var segments: [RecordedSegment] = []
    var heldAt = ContinuousClock.now
    var error = ""
    var isReady = false

    init(_ member: ArchiveMember) { self.member = member }

    func there(_ missing: [UInt64]) -> [RecordedSegment] {
      let missing = Set(missing)
      return segments.filter { !missing.contains($0.number) }
    }
  }

  nonisolated(nonsending) private func perform(_ work: inout ArchiveWork) async {
    do {
      switch work.machine.step {
      case .begin: try await begin(&work)
      case .link(let number): try await link(number, &work)
      case .writePlaylist(let missing): try await writePlaylist(missing, &work)
      case .writeRecord(let missing): try await writeRecord(missing, &work)
      case .removeFolder: try await removeFolder(&work)
      case .markReady:
        let expires = expiry(work)
        try await settle(.ready(expires: expires), &work)
        work.isReady = work.machine.step == .stop
      case .tryAgain(let pause): try await settle(.again(after: pause, error: work.error), &work)
      case .giveUp: try await settle(.failed(expires: expiry(work), error: work.error), &work)
      case .stop: break
      }
    } catch {
      work.error = "\(error)"
      services.logger.warning(
        "a step of an archive failed", ["frames.archive": "\(work.member)", "error": "\(error)"])
      work.machine.failed()
    }
  }

  nonisolated(nonsending) private func begin(_ work: inout ArchiveWork) async throws {
    guard case .begun(let begun) = try await store.beginArchive(work.member) else { return work.machine.refused() }
    (work.begun, work.heldAt) = (begun, .now)
    work.segments = try await segments(of: work.member, begun.session)
    if work.segments.isEmpty { work.error = "the index has no segment of the session any more" }
    work.machine.begun(tries: begun.tries, segments: work.segments.map(\.number))
  }

  /// Exactly the session's entries of the log.
  nonisolated(nonsending) private func segments(
    of member: ArchiveMember, _ session: SessionRecord
  ) async throws(FrameStoreError) -> [RecordedSegment] {
    var found: [RecordedSegment] = []
    var last = session.firstSegment > 0 ? session.firstSegment - 1 : nil as UInt64?
    while true {
      let part = try await store.segments(member.device, after: last)
      found += part.filter { $0.session == member.session }
      guard let end = part.last, end.number < session.lastSegment else { return found }
      last = end.number
    }
  }

  nonisolated(nonsending) private func link(_ number: UInt64, _ work: inout ArchiveWork) async throws {
    guard try await isHeld(&work) else { return work.machine.refused() }
    let (device, session) = (work.member.device, work.member.session)
    let isThere = try await services.storage.run(device) { adapter throws(StorageError) in
      try Self.requireBase(adapter)
      let source = StoragePath.segment(device, number)
      do throws(StorageError) {
        try adapter.share(source, as: .archiveSegment(device, session, number))
      } catch {
        switch error.code {
        case .exists: return true
        case .missing where try adapter.look(source) == nil: return false
        default: throw error
        }
      }
      return true
    }
    if isThere { work.machine.done() } else { work.machine.segmentIsMissing() }
  }

  private static func requireBase(_ adapter: any StorageAdapter) throws(StorageError) {
    guard try adapter.look(.clients)?.kind == .folder else {
      throw StorageError(
        code: .failed, operation: "look at", path: StoragePath.clients.text,
        reason: "there is no such folder; is the storage mounted?")
    }
  }

  nonisolated(nonsending) private func writePlaylist(_ missing: [UInt64], _ work: inout ArchiveWork) async throws {
    let (device, session) = (work.member.device, work.member.session)
    let text = DevicePlaylist.render(work.there(missing), .archive, target: 0)
    try await services.storage.run(device) { adapter throws(StorageError) in
      try adapter.sync(.archiveSegments(device, session))
      try adapter.put(text, at: .archivePlaylist(device, session), replaces: true)
    }
    work.machine.done()
  }

  nonisolated(nonsending) private func writeRecord(_ missing: [UInt64], _ work: inout ArchiveWork) async throws {
    guard let begun = work.begun, try await isHeld(&work) else { return work.machine.refused() }
    let (device, session) = (work.member.device, work.member.session)
    var record = ArchiveRecord(
      session: session, client: begun.session.rawClient ?? device.client.text,
      device: begun.session.rawDevice ?? device.device.text, owner: device.client.text,
      path: StoragePath.archive(device, session).text, started: begun.session.capturedFirst,
      ended: begun.session.capturedLast, created: begun.now, expires: expiry(work), missing: missing)
    record.describe(work.there(missing))
    let bytes = record.bytesOfJSON
    try await services.storage.run(device) { adapter throws(StorageError) in
      try adapter.put(bytes, at: .archiveRecord(device, session), replaces: true)
    }
    work.machine.done()
  }

  private func expiry(_ work: ArchiveWork) -> FrameTime {
    store.settings.archive.expiry(lastReceived: work.begun?.session.last ?? FrameTime(milliseconds: 0))
  }

  /// Only while the archive is this try's: another one may be making it by now.
  nonisolated(nonsending) private func removeFolder(_ work: inout ArchiveWork) async throws {
    work.heldAt = .now - FrameStore.archiveClaim
    guard try await isHeld(&work) else { return work.machine.refused() }
    let (device, session) = (work.member.device, work.member.session)
    _ = try await services.storage.run(device) { adapter throws(StorageError) in
      try adapter.deleteFolder(.archive(device, session))
    }
    work.machine.done()
  }

  nonisolated(nonsending) private func isHeld(_ work: inout ArchiveWork) async throws(FrameStoreError) -> Bool {
    guard ContinuousClock.now - work.heldAt >= Self.renewal else { return true }
    guard let begun = work.begun else { return false }
    let isHeld = try await store.archive(work.member, tries: begun.tries, .hold)
    work.heldAt = .now
    return isHeld
  }

  nonisolated(nonsending) private func settle(_ step: ArchiveStep, _ work: inout ArchiveWork) async throws {
    guard let begun = work.begun, try await store.archive(work.member, tries: begun.tries, step) else {
      return work.machine.refused()
    }
    work.machine.done()
  }
}
