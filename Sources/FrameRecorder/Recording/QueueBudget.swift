internal import Synchronization

/// The events that a worker holds in memory, in bytes (`FRAMES_QUEUE_BYTES`).
package final class QueueBudget: Sendable {
  private let most: Int
  private let held = Atomic<Int>(0)

  package init(bytes: Int) { most = bytes }

  var hasRoom: Bool { held.load(ordering: .relaxed) < most }

  func take(_ frame: QueuedFrame) { held.wrappingAdd(Self.cost(frame), ordering: .relaxed) }
  func give(_ frame: QueuedFrame) { held.wrappingSubtract(Self.cost(frame), ordering: .relaxed) }

  /// About what a frame takes in memory; for one frame always the same.
  private static func cost(_ frame: QueuedFrame) -> Int {
    let event = frame.event
    let texts = [event.eventID, event.rawClientID, event.rawDeviceID, event.framePath]
    let others = [event.requestID, event.secondaryKey].compactMap { $0 }
    return 512 + (texts + others).reduce(0) { $0 + $1.utf8.count }
  }
}
