import FrameRecorder
import PulsarBridge
import Synchronization

/// A subscription in memory: gives batches in order, hears what is acknowledged and asks for each whether that was right.
final class MadeMessages: MessageSource {
  final class Receipt: MessageReceipt {}

  private struct State {
    var waiting: [[BridgeMessage]]
    var acknowledged: [String] = []
    var wrong: [String] = []
  }

  private let state: Mutex<State>
  private let mayAcknowledge: @Sendable (BridgeMessage) async -> Bool

  init(_ batches: [[BridgeMessage]], mayAcknowledge: @escaping @Sendable (BridgeMessage) async -> Bool) {
    state = Mutex(State(waiting: batches))
    self.mayAcknowledge = mayAcknowledge
  }

  /// An event of a device; `id` tells its messages apart.
  static func message(_ id: String, device: String, hasKey: Bool = true) -> BridgeMessage {
    message(id, text: #"{"eventId":"\#(id)","clientId":"c1","deviceId":"\#(device)"}"#, hasKey: hasKey)
  }

  static func message(_ id: String, text: String, hasKey: Bool = true) -> BridgeMessage {
    BridgeMessage(
      topic: "t", id: id, payload: Array(text.utf8), size: text.utf8.count, published: FrameTime(milliseconds: 1_000),
      hasKey: hasKey, receipt: Receipt())
  }

  /// More batches, behind those that wait.
  func add(_ batches: some Sequence<[BridgeMessage]>) { state.withLock { $0.waiting += batches } }

  var acknowledged: [String] { state.withLock { $0.acknowledged } }
  var wrong: [String] { state.withLock { $0.wrong } }
  /// Batches that were not received.
  var left: Int { state.withLock { $0.waiting.count } }

  nonisolated(nonsending) func receive() async throws(PulsarError) -> [BridgeMessage] {
    if let batch = state.withLock({ $0.waiting.isEmpty ? nil : $0.waiting.removeFirst() }) { return batch }
    try? await Task.sleep(for: .milliseconds(5))
    return []
  }

  nonisolated(nonsending) func acknowledge(_ messages: [BridgeMessage]) async {
    for message in messages {
      let isRight = await mayAcknowledge(message)
      state.withLock { state in
        state.acknowledged.append(message.id)
        if !isRight { state.wrong.append(message.id) }
      }
    }
  }

  nonisolated(nonsending) func close() async {}
}
