internal import Cluster
internal import Identifiers
internal import Observability
internal import Redis
internal import Transcoding

/// The other workers, as the streams of this one see them.
struct ClusterPeers: StreamPeers {
  let cluster: RedisCluster
  let logger: Logger

  func isDead(_ owner: Ownership) async -> Bool {
    guard case .dead(let cause) = await cluster.watch.judge(owner) else { return false }
    logger.warning(
      "the owner of a stream is dead", ["worker.id": owner.worker.text, "cause": "\(cause)"])
    return true
  }

  func place(_ stream: StreamID) async -> Bool {
    do {
      guard let worker = roomiest(for: stream, among: try await others()) else { return false }
      try await cluster.outbox.send([(.start(stream), to: worker)])
      logger.info("stream placed", ["stream.id": stream.text, "worker.id": worker.text])
      return true
    } catch {
      logger.warning("no worker was found for a stream", ["stream.id": stream.text, "error": "\(error)"])
      return false
    }
  }

  func remind(_ owner: WorkerID, of stream: StreamID) async { await send([(.start(stream), to: owner)]) }

  /// Machines that are all busy are no reason to refuse a stream: the limits of the workers are.
  private func roomiest(for stream: StreamID, among others: [PlacementRule.Candidate]) -> WorkerID? {
    let here = PlacementRule.Candidate(id: cluster.coordinator.worker, capacity: 1, streams: 1, load: 1)
    for rule in [PlacementRule(), PlacementRule(loadLimit: .infinity)] {
      if case .hand(let worker) = rule.decide(stream, here: here, others: others) { return worker }
    }
    return nil
  }

  private func others() async throws -> [PlacementRule.Candidate] {
    let workers = try await cluster.coordinator.workers().filter { $0.id != cluster.coordinator.worker }
    let leases = try await cluster.coordination.pipeline(
      workers.map { RedisCommand("EXISTS", cluster.keys.lease($0.id)) })
    return zip(workers, leases).map { worker, lease in
      PlacementRule.Candidate(
        id: worker.id, capacity: worker.capacity, streams: worker.streams.count, load: worker.load,
        isDraining: worker.draining, isAlive: lease.integer == 1)
    }
  }

  func tell(_ workers: Set<WorkerID>, deleted stream: StreamID) async {
    await send(workers.map { (.stop(stream), to: $0) })
  }

  func tell(_ worker: WorkerID, deleted client: ClientReference) async {
    await send([(.kick(client.stream, client.client), to: worker)])
  }

  /// Who does not hear of it finds out by itself, a second later.
  private func send(_ messages: [(InboxMessage, to: WorkerID)]) async {
    let others = messages.filter { $0.to != cluster.coordinator.worker }
    guard !others.isEmpty else { return }
    do {
      try await cluster.outbox.send(others)
    } catch {
      logger.warning("other workers were not told", ["error": "\(error)"])
    }
  }

  func handOver(_ stream: StreamID, _ epoch: Epoch) async -> Bool {
    do {
      guard let worker = try await successor(of: stream) else { return false }
      try await cluster.outbox.send([(.handover(stream, epoch, from: cluster.coordinator.worker), to: worker)])
      logger.info("stream offered", ["stream.id": stream.text, "worker.id": worker.text])
      return true
    } catch {
      logger.warning("a stream was not handed over", ["stream.id": stream.text, "error": "\(error)"])
      return false
    }
  }

  /// A worker that has clients of the stream already, else the one with the most room.
  private func successor(of stream: StreamID) async throws -> WorkerID? {
    let others = try await others()
    let clients = try await cluster.coordinator.clients(of: stream) ?? []
    let following = Dictionary(grouping: clients, by: \.worker).mapValues(\.count)
    let best = others.filter { $0.isAlive && !$0.isDraining && following[$0.id] != nil }
      .max { (following[$0.id] ?? 0) < (following[$1.id] ?? 0) }
    return best?.id ?? roomiest(for: stream, among: others)
  }
}
