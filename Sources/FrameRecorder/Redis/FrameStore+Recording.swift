package import Cluster
internal import Redis

package enum BeginAnswer: Sendable, Equatable {
  package struct Begun: Sendable, Equatable {
    /// Nobody else gets it, now or later.
    package var number: UInt64
    /// The number of this try of the batch, from 1.
    package var tries: Int
    /// By Redis' clock.
    package var now: FrameTime
    package var record: DeviceRecord
    /// Of the active session; nil: none is, or its record is lost.
    package var session: SessionRecord?
  }

  case begun(Begun)
  /// The device was reset: what is in memory of it is to be dropped and read again.
  case reset(generation: UInt64)
  /// The disk has to be looked at first (`seed`).
  case unseeded
  case fenced(by: Ownership?)
}

package enum CommitAnswer: Sendable, Equatable {
  package struct Recorded: Sendable, Equatable {
    package var mediaSequence: UInt64
    package var discontinuitySequence: UInt64
    package var wall: FrameTime
    /// What the session that the commit ended has become; nil: none ended.
    package var ended: SessionState?
  }

  case recorded(Recorded)
  /// It was recorded before: the answer was lost.
  case already(Recorded)
  /// The index has greater numbers: the batch needs another one, above this.
  case numberTaken(above: UInt64)
  /// Another session is active, or none: the batch begins anew.
  case otherSession(SessionID?)
  /// These events were recorded before: the batch begins anew without them.
  case seen([String])
  case reset(generation: UInt64)
  case fenced(by: Ownership?)
}

extension FrameStore {
  /// Counts the try and reserves the segment's number.
  /// - Parameters:
  ///   - firstEntry: of the batch.
  ///   - tryNumber: from 1, by the caller's account; what is nobody's fault is no new try.
  ///   - above: what the number has to be greater than, where one was found in use.
  package nonisolated(nonsending) func begin(
    _ owned: OwnedPartition, _ device: DevicePair, generation: UInt64, firstEntry: EntryID, tryNumber: Int,
    above: UInt64? = nil
  ) async throws(FrameStoreError) -> BeginAnswer {
    let reply = try await run(
      .begin, by: owned,
      keys: [keys.tries(owned.partition), keys.device(device), keys.sequence(device)],
      [
        String(generation), firstEntry.description, String(tryNumber), above.map { String($0) } ?? "",
        keys.sessionPrefix(device), String(settings.recordLifetime),
      ])
    switch reply.tag {
    case "begun":
      let record = DeviceRecord(try reply.fields(4))
      let session = SessionRecord(try reply.fields(5))
      return .begun(
        BeginAnswer.Begun(
          number: try reply.number(1), tries: try reply.number(2), now: try reply.time(3), record: record,
          session: session))
    case "reset": return .reset(generation: try reply.number(1))
    case "unseeded": return .unseeded
    case "fenced": return .fenced(by: reply.owner)
    default: throw reply.nonsense
    }
  }

  /// Lists a published segment, acknowledges its frames, writes its dead letters, in one step.
  package nonisolated(nonsending) func commit(
    _ owned: OwnedPartition, _ segment: SegmentCommit
  ) async throws(FrameStoreError) -> CommitAnswer {
    let limits = [
      String(settings.recordLifetime), String(settings.dedupeSeconds), String(FrameStoreSettings.mostSeen),
    ]
    let shortest = settings.archive.shortestSpan.map { String($0) } ?? ""
    let reply = try await run(
      .commit, by: owned, keys: commitKeys(owned, segment),
      [owned.partition.description] + segment.arguments + [shortest] + segment.media + limits + segment.lists)
    switch reply.tag {
    case "recorded": return .recorded(try recorded(reply))
    case "already": return .already(try recorded(reply))
    case "taken": return .numberTaken(above: try reply.number(1))
    case "session": return .otherSession(reply.text(1).flatMap { SessionID($0) })
    case "seen": return .seen(try reply.list(1).compactMap(\.text))
    case "reset": return .reset(generation: try reply.number(1))
    case "fenced": return .fenced(by: reply.owner)
    default: throw reply.nonsense
    }
  }

  private func commitKeys(_ owned: OwnedPartition, _ segment: SegmentCommit) -> [String] {
    let (partition, device) = (owned.partition, segment.device)
    return [
      keys.stream(partition), keys.tries(partition), keys.dead(partition), keys.device(device), keys.log(device),
      keys.segments(device), keys.seen(device), keys.archives(partition), keys.session(segment.session, of: device),
      keys.session(segment.expectedSession ?? segment.session, of: device), keys.recent(partition),
      keys.devices(partition),
    ]
  }

  private func recorded(_ reply: FrameReply) throws(FrameStoreError) -> CommitAnswer.Recorded {
    CommitAnswer.Recorded(
      mediaSequence: try reply.number(1), discontinuitySequence: try reply.number(2), wall: try reply.time(3),
      ended: reply.text(4).flatMap { SessionState(rawValue: $0) })
  }
}
