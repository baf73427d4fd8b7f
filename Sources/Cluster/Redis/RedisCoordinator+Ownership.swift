package import Identifiers
internal import Redis

extension RedisCoordinator {
  package nonisolated(nonsending) func claim(_ id: StreamID, highestSeen: Epoch, judgedDead: Ownership?)
    async throws(CoordinatorError) -> ClaimResult
  {
    guard settings.isMember() else { throw CoordinatorError(.unavailable, "this worker's lease is not confirmed") }
    let (highest, isDraining) = change { (max($0.highestEpoch(id), highestSeen), $0.isDraining) }
    let wait = await settings.forgetful().map { String(max(1, $0.storedMilliseconds)) } ?? ""
    let reply = try await listed(
      id,
      [
        worker.text, highest.description, judgedDead?.worker.text ?? "", judgedDead?.epoch.description ?? "",
        isDraining ? "1" : "0", wait,
      ])
    switch reply.tag {
    case "unknown": return .unknown
    case "draining": throw CoordinatorError(.draining, "this worker is draining")
    case "owned":
      guard let owner = try reply.owner(0) else { throw reply.unexpected }
      return .owned(by: owner.worker, epoch: owner.epoch)
    case "claimed":
      let claim = try claim(reply)
      change { $0.own(id, claim.epoch) }
      try await follow([reply]) { $0.noteAccess($1) }
      return .claimed(claim)
    default: throw reply.unexpected
    }
  }

  /// The claim's answer. Before it the stream is in this worker's entry: who dies between the claim and the next heartbeat
  /// would leave an ownership that no reaper finds. There it stays while the answer is not known.
  nonisolated(nonsending) private func listed(_ id: StreamID, _ own: [String])
    async throws(CoordinatorError) -> ScriptReply
  {
    change { $0.beginClaim(id) }
    do throws(CoordinatorError) {
      let steps = [entryStep(), step(CoordinatorScripts.claim, id, own)]
      let replies = try await pipeline(steps.compactMap { $0 }, about: keys.stream(id))
      change { $0.endClaim(id, isAnswered: true) }
      for reply in replies { if let error = reply.error { throw CoordinatorError(error, key: keys.stream(id)) } }
      return try Self.settled(ScriptReply(replies[replies.count - 1], id, key: keys.stream(id)))
    } catch {
      if error.code == .unavailable || error.code == .timedOut { change { $0.endClaim(id, isAnswered: false) } }
      throw error
    }
  }

  /// Gives back what was claimed by a claim whose answer was lost, unless it has been claimed again since.
  nonisolated(nonsending) func settleClaims() async throws(CoordinatorError) {
    let open = change { $0.unanswered }
    guard !open.isEmpty else { return }
    let found = Dictionary(try await ownerships(of: worker, open) ?? []) { $1 }
    for id in open {
      if let owner = found[id], change({ $0.owned[id] != owner.epoch && $0.unanswered.contains(id) }) {
        _ = try await release(id, epoch: owner.epoch, .stopped(.lastClientDisconnected))
      }
      change { $0.settled(id) }
    }
  }

  private func claim(_ reply: ScriptReply) throws(CoordinatorError) -> Claim {
    let record = try StreamFields.decode(reply.id, try reply.hash(3), clients: reply.clients ?? 0)
    let report = record.report
    return Claim(
      epoch: Epoch(try reply.number(0)), registration: record.registration, revision: record.revision,
      nextChunk: report.head?.next ?? ChunkNumber(1), nextSegment: report.segment?.next ?? SegmentNumber(0),
      followsDiscontinuity: report.head != nil, takenFrom: try reply.owner(1), report: report)
  }

  package nonisolated(nonsending) func reassert(_ owned: [OwnedStream])
    async throws(CoordinatorError) -> [StreamID: FencedResult]
  {
    let calls = owned.map { ($0.registration.id, arguments($0)) }
    // As before a claim: an owner that dies now is found.
    change { share in for (id, _) in calls { share.beginClaim(id) } }
    defer { change { share in for (id, _) in calls { share.endAssertion(id) } } }
    if !calls.isEmpty, let entry = entryStep() { _ = try await pipeline([entry], about: keys.workers) }
    let replies = try await performAll(CoordinatorScripts.reassert, calls)
    let epochs = Dictionary(owned.map { ($0.registration.id, $0.epoch) }) { $1 }
    var results: [StreamID: FencedResult] = [:]
    for reply in replies where reply.tag != "settling" {
      let result = try reply.fencedResult()
      results[reply.id] = result
      note(result, reply.id, epochs[reply.id] ?? .none)
    }
    try await follow(replies.filter { $0.tag == "accepted" }) { $0.noteAccess($1) }
    return results
  }

  private func arguments(_ owned: OwnedStream) -> [String] {
    var report = ReportFields.encode(owned.report)
    if let createdAt = owned.createdAt { report.append(("created_at", String(createdAt.microseconds))) }
    let registration = RegistrationFields.encode(owned.registration)
    return [
      worker.text, owned.epoch.description, ReportFields.status(owned.phase), String(owned.revision),
      String(registration.count * 2),
    ] + (registration + report).flatMap { [$0.0, $0.1] } + [owned.yields ? "1" : "0"]
  }

  package nonisolated(nonsending) func update(_ id: StreamID, epoch: Epoch, _ update: StreamUpdate)
    async throws(CoordinatorError) -> FencedResult
  {
    let operations = ReportFields.operations(update).flatMap { [$0.0, $0.1, $0.2] }
    return try ownersAnswer(await perform(CoordinatorScripts.update, id, [epoch.description] + operations), epoch)
  }

  package nonisolated(nonsending) func release(_ id: StreamID, epoch: Epoch, _ ending: StreamEnding)
    async throws(CoordinatorError) -> FencedResult
  {
    let reply = try await perform(CoordinatorScripts.release, id, [epoch.description] + ending.stored)
    let result = try reply.fencedResult()
    change { $0.disown(id, epoch) }
    if result == .accepted { try await follow([reply]) { $0.noteAccess($1) } }
    return result
  }

  package nonisolated(nonsending) func stopIfIdle(_ id: StreamID, epoch: Epoch, grace: Duration)
    async throws(CoordinatorError) -> StopResult
  {
    let reply = try await perform(
      CoordinatorScripts.stopIfIdle, id, [epoch.description, String(grace.storedMicroseconds)])
    switch reply.tag {
    case "stop": return .stop
    case "keep":
      return .keep(clients: reply.clients ?? 0, remaining: .microseconds(Int64(clamping: try reply.number(0))))
    default:
      guard case .fenced(let fence) = try ownersAnswer(reply, epoch) else { throw reply.unexpected }
      return .fenced(fence)
    }
  }

  package nonisolated(nonsending) func report(_ id: StreamID, epoch: Epoch, _ event: OwnerEvent)
    async throws(CoordinatorError) -> FencedResult
  {
    let reply = try await perform(CoordinatorScripts.report, id, [epoch.description])
    let result = try ownersAnswer(reply, epoch)
    guard result == .accepted else { return result }
    let metadata = try StoredHash(["metadata": try reply.text(0)], key: reply.key).map("metadata")
    try await tell(EventDraft(stream: id, metadata: metadata, content: .owner(event)), reply)
    return .accepted
  }

  private func ownersAnswer(_ reply: ScriptReply, _ epoch: Epoch) throws(CoordinatorError) -> FencedResult {
    let result = try reply.fencedResult()
    note(result, reply.id, epoch)
    return result
  }

  /// An ownership that is only ending is still to be released.
  private func note(_ result: FencedResult, _ id: StreamID, _ epoch: Epoch) {
    switch result {
    case .accepted: change { $0.own(id, epoch) }
    case .fenced(.stopping): break
    case .fenced(.superseded), .fenced(.unknown): change { $0.disown(id, epoch) }
    }
  }
}

extension StreamEnding {
  /// Status and reason.
  fileprivate var stored: [String] {
    switch self {
    case .stopped(let reason): [StreamStatus.idle.rawValue, reason.rawValue]
    case .failed: [StreamStatus.failed.rawValue, StopReason.failed.rawValue]
    }
  }
}
