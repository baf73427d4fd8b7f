internal import Digests
package import FrameRecorder

/// What a message is acknowledged by.
package protocol MessageReceipt: AnyObject, Sendable {}

/// A message of the subscription, in hand until it is acknowledged.
package struct BridgeMessage: Sendable {
  package var topic: String
  /// Of its topic's messages this one alone, in each delivery the same.
  package var id: String
  /// Its first 16 KiB.
  package var payload: [UInt8]
  /// Bytes of the whole.
  package var size: Int
  package var published: FrameTime
  package var hasKey: Bool
  package var receipt: any MessageReceipt

  package init(
    topic: String, id: String, payload: [UInt8], size: Int, published: FrameTime, hasKey: Bool,
    receipt: any MessageReceipt
  ) {
    (self.topic, self.id, self.payload, self.size) = (topic, id, payload, size)
    (self.published, self.hasKey, self.receipt) = (published, hasKey, receipt)
  }

  private static let longestSource = 200

  /// What its frame is accepted once by; at most 200 bytes: a long topic is named by its SHA-256.
  var source: String {
    let plain = "pulsar:\(topic):\(id)"
    return plain.utf8.count <= Self.longestSource ? plain : "pulsar:\(SHA256.hex(topic)):\(id)"
  }

  /// What becomes of it: a frame where its JSON tells the device, whatever else is wrong, else a dead letter.
  var content: BridgeContent {
    let most = FrameEvent.mostBytes
    guard size <= most else {
      let detail = "\(size) bytes, at most \(most); their first are here"
      return .refused(RefusedEvent(event: payload, source: source, reason: .json, detail: detail))
    }
    do throws(FrameEventError) {
      let device = try FrameEvent.owner(payload)
      return .frame(BridgedFrame(device, event: payload, source: source, received: published))
    } catch {
      return .refused(RefusedEvent(event: payload, source: source, reason: error.reason, detail: error.detail))
    }
  }
}

enum BridgeContent: Equatable {
  case frame(BridgedFrame)
  case refused(RefusedEvent)
}
