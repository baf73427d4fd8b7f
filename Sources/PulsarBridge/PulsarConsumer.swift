package import EventLoop
package import Observability

/// A consumer of a Key_Shared subscription, through the official library.
package final class PulsarConsumer: MessageSource {
  private let session: LoopBound<PulsarSession>

  private init(_ session: LoopBound<PulsarSession>) { self.session = session }

  /// Connects and subscribes. `thread` is for this consumer alone: its calls block it. The library reconnects by itself.
  package nonisolated(nonsending) static func subscribe(
    _ settings: PulsarSettings, _ library: PulsarLibrary, on thread: EventLoop, logger: Logger
  ) async throws(PulsarError) -> PulsarConsumer {
    let result = await withCheckedContinuation { done in
      thread.execute {
        done.resume(
          returning: Result { () throws(PulsarError) in
            PulsarConsumer(LoopBound(try PulsarSession(settings, library, logger: logger), loop: thread))
          })
      }
    }
    return try result.get()
  }

  package nonisolated(nonsending) func receive() async throws(PulsarError) -> [BridgeMessage] {
    try await run { session in Result { () throws(PulsarError) in try session.receive() } }.get()
  }

  package nonisolated(nonsending) func acknowledge(_ messages: [BridgeMessage]) async {
    let receipts = messages.compactMap { $0.receipt as? PulsarReceipt }
    guard !receipts.isEmpty else { return }
    await run { $0.acknowledge(receipts) }
  }

  package nonisolated(nonsending) func close() async { await run { $0.close() } }

  private nonisolated(nonsending) func run<Value: Sendable>(
    _ work: @escaping @Sendable (PulsarSession) -> Value
  ) async -> Value {
    await withCheckedContinuation { done in
      session.loop.execute { [session] in done.resume(returning: work(session.value)) }
    }
  }
}
