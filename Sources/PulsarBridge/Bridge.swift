package import FrameRecorder
package import Observability
internal import Synchronization

/// Carries the messages of a subscription into the recorder's streams: `BridgeMachine` decides, this acts.
package final class Bridge: Sendable {
  private let source: any MessageSource
  private let store: FrameStore
  private let backlog: Int?
  private let metrics: BridgeMetrics
  private let logger: Logger
  private let trouble: RateLimitedLog
  private let machine = Mutex(BridgeMachine<BridgeMessage>())

  /// `backlog`: entries that a partition may have waiting; nil: any number.
  package init(
    source: any MessageSource, store: FrameStore, backlog: Int?, metrics: BridgeMetrics, logger: Logger
  ) {
    (self.source, self.store, self.backlog) = (source, store, backlog)
    (self.metrics, self.logger) = (metrics, logger)
    trouble = RateLimitedLog(
      logger, .warning, "the recorder takes no frames: nothing is received until it does", each: .seconds(10))
  }

  /// Messages that are received and not acknowledged.
  package var inHand: Int { machine.withLock { $0.inHand } }

  /// Runs until `stop`, and returns when what was in hand is finished. Throws `closed` where nothing will ever come.
  nonisolated(nonsending) package func run() async throws(PulsarError) {
    var action = BridgeMachine<BridgeMessage>.Action.receive
    while true {
      switch action {
      case .receive: action = try await receive()
      case .store(let messages): action = await carry(messages)
      case .wait(let pause):
        try? await Task.sleep(for: pause)
        action = machine.withLock { $0.waited() }
      case .end: return
      }
    }
  }

  /// Receiving ends, with the batch that is on its way.
  package func stop() { machine.withLock { $0.stop() } }

  private nonisolated(nonsending) func receive() async throws(PulsarError) -> BridgeMachine<BridgeMessage>.Action {
    do throws(PulsarError) {
      let messages = try await source.receive()
      metrics.unkeyed.add(UInt64(messages.count { !$0.hasKey }))
      return machine.withLock { $0.received(messages) }
    } catch {
      guard error.code != .closed else { throw error }
      logger.warning("Pulsar gives no messages", ["error": error.message])
      return machine.withLock { $0.receiveFailed() }
    }
  }

  private nonisolated(nonsending) func carry(
    _ messages: [BridgeMessage]
  ) async -> BridgeMachine<BridgeMessage>.Action {
    let isAnswered = await stored(messages.map(\.content))
    let unanswered = isAnswered.count { !$0 }
    metrics.refused.add(UInt64(unanswered))
    let (acknowledged, action) = machine.withLock { $0.stored(isAnswered) }
    await source.acknowledge(acknowledged)
    return action
  }

  /// Which of them the recorder has answered for.
  private nonisolated(nonsending) func stored(_ contents: [BridgeContent]) async -> [Bool] {
    var (frames, refused): ([(Int, BridgedFrame)], [(Int, RefusedEvent)]) = ([], [])
    for (place, content) in contents.enumerated() {
      switch content {
      case .frame(let frame): frames.append((place, frame))
      case .refused(let event): refused.append((place, event))
      }
    }
    var isAnswered = [Bool](repeating: false, count: contents.count)
    do throws(FrameStoreError) {
      for (place, result) in zip(frames.map(\.0), try await store.bridge(frames.map(\.1), backlog: backlog)) {
        isAnswered[place] = count(result, metrics.added)
      }
      if frames.contains(where: { !isAnswered[$0.0] }) {
        trouble.note(1, ["error": "Redis or a partition's stream is full (maxmemory, FRAMES_BACKLOG_MAX)"])
      }
      for (place, result) in zip(refused.map(\.0), try await store.refuse(refused.map(\.1))) {
        isAnswered[place] = count(result, metrics.dead)
      }
    } catch {
      trouble.note(1, ["error": error.message])
    }
    return isAnswered
  }

  /// Whether it is an answer.
  private func count(_ result: BridgeResult, _ added: Counter) -> Bool {
    switch result {
    case .added: added.add()
    case .known: metrics.known.add()
    case .refused: return false
    }
    return true
  }
}
