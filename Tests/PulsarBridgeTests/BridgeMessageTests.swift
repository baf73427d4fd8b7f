import FrameRecorder
import Testing

@testable import PulsarBridge

@Suite("A message of the bridge") struct BridgeMessageTests {
  private final class Receipt: MessageReceipt {}

  private func message(
    _ text: String, topic: String = "persistent://a/b/c", id: String = "1:2:-1:-1", size: Int? = nil
  ) -> BridgeMessage {
    BridgeMessage(
      topic: topic, id: id, payload: Array(text.utf8), size: size ?? text.utf8.count,
      published: FrameTime(milliseconds: 5), hasKey: true, receipt: Receipt())
  }

  @Test("is a frame where its JSON tells the device, whatever else it lacks")
  func frame() throws {
    let text = #"{"client_id":"a.b","deviceId":"30:dd"}"#
    let device = try #require(DevicePair("a_b:30_dd"))
    let expected = BridgedFrame(
      device, event: Array(text.utf8), source: "pulsar:persistent://a/b/c:1:2:-1:-1",
      received: FrameTime(milliseconds: 5))
    #expect(message(text).content == .frame(expected))
  }

  @Test(
    "is a dead letter where nobody can tell whose frame it is",
    arguments: [
      ("nonsense", DeadLetterReason.json, "not JSON at byte 1"), ("[1]", .json, "not an object"),
      (#"{"clientId":"c"}"#, .invalid, "deviceId"), (#"{"clientId":"","deviceId":7}"#, .invalid, "clientId, deviceId"),
    ])
  func refused(_ text: String, _ reason: DeadLetterReason, _ detail: String) {
    let expected = RefusedEvent(
      event: Array(text.utf8), source: "pulsar:persistent://a/b/c:1:2:-1:-1", reason: reason, detail: detail)
    #expect(message(text).content == .refused(expected))
  }

  @Test("over 16 KiB is a dead letter with its beginning")
  func tooLong() {
    guard case .refused(let event) = message("{}", size: 16_385).content else {
      Issue.record("a frame of 16,385 bytes")
      return
    }
    #expect(event.reason == .json && event.detail.hasPrefix("16385 bytes, at most 16384"))
  }

  @Test("has a source of at most 200 bytes, each message its own")
  func source() {
    let long = "persistent://" + String(repeating: "x", count: 300)
    let sources = [("1:1:-1:-1", long), ("1:2:-1:-1", long), ("1:1:-1:-1", long + "y")].map {
      message("{}", topic: $0.1, id: $0.0).source
    }
    #expect(sources.allSatisfy { $0.utf8.count <= 200 && $0.hasPrefix("pulsar:") })
    #expect(Set(sources).count == 3)
  }

  @Test("takes at most what may be unacknowledged, with what the library fetches ahead")
  func bounds() {
    var settings = PulsarSettings()
    let cases = [(1_000, 100, (100, 900)), (50, 100, (50, 1)), (1, 100, (1, 1)), (101, 100, (100, 1))]
    for (most, batch, expected) in cases {
      (settings.maxUnacknowledged, settings.batchMessages) = (most, batch)
      #expect((settings.batch, settings.prefetched) == expected)
    }
  }
}
