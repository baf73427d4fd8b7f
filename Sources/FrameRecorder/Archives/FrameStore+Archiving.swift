internal import Redis

package enum ArchiveBeginning: Sendable, Equatable {
  package struct Begun: Sendable, Equatable {
    /// The number of this try, from 1.
    package var tries: Int
    /// By Redis' clock.
    package var now: FrameTime
    package var session: SessionRecord
  }

  case begun(Begun)
  /// There is no such session any more.
  case unknown
  /// Somebody else is at it, or it is not due.
  case refused
}

/// What becomes of a session that is being archived.
package enum ArchiveStep: Sendable, Equatable {
  /// It stays the caller's for a while.
  case hold
  case ready(expires: FrameTime)
  case again(after: Duration, error: String)
  case failed(expires: FrameTime, error: String)
}

extension FrameStore {
  /// For so long whoever began something has it for himself.
  package static let archiveClaim = Duration.seconds(30)

  /// What is due of the archives, soonest first, with the state of each (nil: it has no record).
  package nonisolated(nonsending) func dueArchives(
    _ states: Set<SessionState>, atMost most: Int = 1_000
  ) async throws(FrameStoreError) -> [(member: ArchiveMember, state: SessionState?)] {
    let now = try await now()
    var found: [(member: ArchiveMember, state: SessionState?)] = []
    for partition in keys.archivePartitions {
      let until = String(now.milliseconds)
      try await pages(["ZRANGEBYSCORE", keys.archives(partition), "-inf", until, "LIMIT"]) { member, state in
        // What has no record may be an archive that only the disk knows.
        guard state.map({ states.contains($0) }) ?? states.contains(.ready) else { return true }
        found.append((member, state))
        return found.count < most
      }
    }
    return found
  }

  /// How many archives there are in each state.
  package nonisolated(nonsending) func countArchives() async throws(FrameStoreError) -> [SessionState: Int] {
    var counts: [SessionState: Int] = [:]
    for partition in keys.archivePartitions {
      try await pages(["ZRANGEBYSCORE", keys.archives(partition), "-inf", "+inf", "LIMIT"]) { _, state in
        if let state { counts[state, default: 0] += 1 }
        return true
      }
    }
    return counts
  }

  private static let page = 1_000

  /// Calls `visit` with each member that a command answers, until it answers false.
  private nonisolated(nonsending) func pages(
    _ words: [String], _ visit: (ArchiveMember, SessionState?) -> Bool
  ) async throws(FrameStoreError) {
    var start = 0
    while true {
      let page = words.dropFirst() + [String(start), String(Self.page)]
      let reply = try await pipeline([.command(RedisCommand(words[0], page.map { .text($0) }))])[0]
      if let error = reply.error { throw FrameStoreError(error) }
      let texts = reply.elements ?? []
      let members = texts.compactMap { $0.text.flatMap { ArchiveMember($0) } }
      for (member, state) in zip(members, try await states(of: members)) {
        guard visit(member, state) else { return }
      }
      guard texts.count == Self.page else { return }
      start += Self.page
    }
  }

  private nonisolated(nonsending) func states(
    of members: [ArchiveMember]
  ) async throws(FrameStoreError) -> [SessionState?] {
    let steps = members.map {
      RedisStep.command(RedisCommand("HGET", keys.session($0.session, of: $0.device), "state"))
    }
    guard !steps.isEmpty else { return [] }
    return try await pipeline(steps).map { $0.text.flatMap { SessionState(rawValue: $0) } }
  }

  /// Counts a try, and takes the archive for a while.
  package nonisolated(nonsending) func beginArchive(
    _ member: ArchiveMember
  ) async throws(FrameStoreError) -> ArchiveBeginning {
    let reply = try await run(
      .archiveBegin, keys: archiveKeys(member),
      [member.description, String(Self.archiveClaim.wholeMilliseconds)])
    switch reply.tag {
    case "unknown": return .unknown
    case "refused": return .refused
    case "begun":
      guard let session = SessionRecord(try reply.fields(3)) else { throw reply.nonsense }
      return .begun(
        ArchiveBeginning.Begun(tries: try reply.number(1), now: try reply.time(2), session: session))
    default: throw reply.nonsense
    }
  }

  /// False: the try is not the present one any more.
  package nonisolated(nonsending) func archive(
    _ member: ArchiveMember, tries: Int, _ step: ArchiveStep
  ) async throws(FrameStoreError) -> Bool {
    let (state, due, error) =
      switch step {
      case .hold: (SessionState.archiving, Self.archiveClaim.wholeMilliseconds, "")
      case .ready(let expires): (.ready, expires.milliseconds, "")
      case .again(let pause, let error): (.ended, pause.wholeMilliseconds, error)
      case .failed(let expires, let error): (.failed, expires.milliseconds, error)
      }
    let reply = try await run(
      .archiveStep, keys: archiveKeys(member),
      [member.description, String(tries), state.rawValue, String(due), error])
    return reply.tag == "done"
  }

  package enum Removal: String, Sendable {
    case begin, end
    /// Of one that has no record.
    case forget
  }

  package enum RemovalAnswer: Sendable, Equatable {
    case done
    case unknown
    case refused
  }

  package nonisolated(nonsending) func remove(
    _ member: ArchiveMember, _ step: Removal
  ) async throws(FrameStoreError) -> RemovalAnswer {
    let reply = try await run(
      .archiveRemove, keys: archiveKeys(member),
      [member.description, step.rawValue, String(Self.archiveClaim.wholeMilliseconds)])
    switch reply.tag {
    case "done": return .done
    case "unknown": return .unknown
    case "refused": return .refused
    default: throw reply.nonsense
    }
  }

  /// Which of these sessions have no record.
  package nonisolated(nonsending) func unknown(
    _ members: [ArchiveMember]
  ) async throws(FrameStoreError) -> [ArchiveMember] {
    let steps = members.map {
      RedisStep.command(RedisCommand("EXISTS", keys.session($0.session, of: $0.device)))
    }
    guard !steps.isEmpty else { return [] }
    return zip(members, try await pipeline(steps)).filter { $0.1.integer == 0 }.map(\.0)
  }

  /// Enters an archive that the disk has and Redis does not know. False: it does.
  package nonisolated(nonsending) func enter(
    _ archive: ArchiveRecord, of member: ArchiveMember
  ) async throws(FrameStoreError) -> Bool {
    let reply = try await run(
      .archiveEnter, keys: archiveKeys(member),
      [member.description, String(archive.expires.milliseconds)] + archive.sessionFields(member.device))
    return reply.tag == "entered"
  }

  private func archiveKeys(_ member: ArchiveMember) -> [String] {
    [keys.archives(keys.partition(of: member.device)), keys.session(member.session, of: member.device)]
  }
}
