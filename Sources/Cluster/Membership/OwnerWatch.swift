package import Identifiers
package import Redis
internal import Synchronization

/// Finds out whether the owner of a stream is dead: the shell of `OwnerJudge`.
package final class OwnerWatch: Sendable {
  package enum Finding: Sendable, Equatable {
    case alive
    /// To be taken over, with this ownership as the one that was judged.
    case dead(OwnerVerdict.Cause)
    /// The store could not be asked.
    case unknown
  }

  private let worker: WorkerID
  private let connection: RedisConnection
  private let keys: RedisKeys
  private let times: LeaseTimes
  private let clock: ClusterClock
  private let forgetful: @Sendable () async -> Duration?
  /// The lease connections that workers named last.
  private let connectionIDs = Mutex<[WorkerID: Int64]>([:])
  private static let rememberedWorkers = 1000

  /// `connection`: the one for coordination. `forgetful`: `LeaseKeeper.forgetful`.
  package init(
    worker: WorkerID, connection: RedisConnection, keys: RedisKeys = RedisKeys(), times: LeaseTimes = .standard,
    clock: ClusterClock = .system, forgetful: @escaping @Sendable () async -> Duration?
  ) {
    self.worker = worker
    self.connection = connection
    self.keys = keys
    self.times = times
    self.clock = clock
    self.forgetful = forgetful
  }

  /// To be asked when a stream stands still. Takes two round trips, and, if the owner's connection is gone, what is left
  /// of 1.2 renewals since the last one; after a change of the server up to a lease time. An owner that is this worker
  /// is dead: it is asked only about ownerships that it does not run.
  nonisolated(nonsending) package func judge(_ owner: Ownership) async -> Finding {
    guard owner.worker != worker else { return .dead(.notRunning) }
    var judge = OwnerJudge(times: times)
    do throws(RedisError) {
      while true {
        switch judge.observe(try await look(at: owner.worker)) {
        case .alive: return .alive
        case .dead(let cause): return .dead(cause)
        case .suspect(let wait): try await pause(wait)
        }
      }
    } catch {
      return .unknown
    }
  }

  nonisolated(nonsending) private func pause(_ duration: Duration) async throws(RedisError) {
    do { try await Task.sleep(for: duration) } catch { throw .unavailable("cancelled") }
  }

  nonisolated(nonsending) private func look(at owner: WorkerID) async throws(RedisError) -> OwnerObservation {
    let remembered = connectionIDs.withLock { $0[owner] }
    let askedAt = clock.now.elapsed
    var commands = [
      RedisCommand("GET", keys.lease(owner)), RedisCommand("PTTL", keys.lease(owner)),
      RedisCommand("HGET", keys.workers, owner.text),
    ]
    if let remembered { commands.append(Self.listing(remembered)) }
    let replies = try await connection.pipeline(commands, timeout: times.giveUp)
    for reply in replies.prefix(3) { if let error = reply.error { throw .server(error) } }
    let named = replies[2].text.flatMap { WorkerEntryFields.decode(owner.text, $0)?.leaseConnection }
    let found: OwnerObservation.LeaseConnection
    if named == remembered {
      found = replies.count > 3 ? Self.presence(replies[3]) : .unknown
    } else {
      found = try await presence(of: named, owner)
    }
    let (lease, answeredAt) = (replies[0].text.map { LeaseValue(text: $0) }, clock.now.elapsed)
    let isThere = lease != nil && found != .gone
    return OwnerObservation(
      lease: lease, connection: found, age: age(replies[1]), askedAt: askedAt, answeredAt: answeredAt,
      forgetful: isThere ? nil : await forgetful())
  }

  /// Of a lease with so many milliseconds left; nil for none, and for one that lives longer than leases do here.
  private func age(_ left: RedisValue) -> Duration? {
    guard let milliseconds = left.integer, milliseconds > 0 else { return nil }
    let age = times.lapse - .milliseconds(milliseconds)
    return age >= .zero ? age : nil
  }

  nonisolated(nonsending) private func presence(
    of id: Int64?, _ owner: WorkerID
  ) async throws(RedisError) -> OwnerObservation.LeaseConnection {
    connectionIDs.withLock { known in
      if known.count >= Self.rememberedWorkers { known = [:] }
      known[owner] = id
    }
    guard let id else { return .unknown }
    return Self.presence(try await connection.pipeline([Self.listing(id)], timeout: times.giveUp)[0])
  }

  private static func listing(_ id: Int64) -> RedisCommand { RedisCommand("CLIENT", "LIST", "ID", String(id)) }

  /// An error means that Redis does not let us see.
  private static func presence(_ reply: RedisValue) -> OwnerObservation.LeaseConnection {
    guard let text = reply.text else { return .unknown }
    return text.isEmpty ? .gone : .present
  }
}
