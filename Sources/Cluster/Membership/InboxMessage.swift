package import Identifiers

/// What one worker tells another: ids only, never commands or argv. Each can be sent twice and be too late; the
/// receiver looks at the stream before it acts.
package enum InboxMessage: Hashable, Sendable {
  /// See that the stream runs, here: placement, or a stream that this worker owns by the store and that stands still.
  case start(StreamID)
  /// `from` owns the stream with this epoch, and gives it up to this worker.
  case handover(StreamID, Epoch, from: WorkerID)
  /// The owner is dead, and this worker has clients of the stream.
  case takeover(StreamID)
  /// The stream was deleted: its owner closes the source.
  case stop(StreamID)
  /// The client was deleted: close its connections.
  case kick(StreamID, ClientID)
  /// A partition of device frames, by its number, has lost its owner for this worker to claim it.
  case partition(Int)

  /// Fields and values of the entry in the inbox.
  package var fields: [(String, String)] {
    switch self {
    case .start(let stream): [("do", "start"), ("stream", stream.text)]
    case .handover(let stream, let epoch, let from):
      [("do", "handover"), ("stream", stream.text), ("epoch", String(epoch.value)), ("from", from.text)]
    case .takeover(let stream): [("do", "takeover"), ("stream", stream.text)]
    case .stop(let stream): [("do", "stop"), ("stream", stream.text)]
    case .kick(let stream, let client): [("do", "kick"), ("stream", stream.text), ("client", client.text)]
    case .partition(let number): [("do", "partition"), ("partition", String(number))]
    }
  }

  /// Nil: not a message, or one of a version to come. Of a field that is there twice the first counts.
  package init?(fields: [(String, String)]) {
    func value(_ name: String) -> String? { fields.first { $0.0 == name }?.1 }
    guard let kind = value("do") else { return nil }
    if kind == "partition" {
      guard let number = value("partition").flatMap({ Int($0) }), (0..<Self.mostPartitions).contains(number) else {
        return nil
      }
      self = .partition(number)
      return
    }
    guard let stream = value("stream").flatMap({ StreamID($0) }) else { return nil }
    switch kind {
    case "start": self = .start(stream)
    case "takeover": self = .takeover(stream)
    case "stop": self = .stop(stream)
    case "handover":
      guard let epoch = value("epoch").flatMap({ UInt64($0) }), let from = value("from"),
        (1...Self.longestWorkerID).contains(from.utf8.count)
      else { return nil }
      self = .handover(stream, Epoch(epoch), from: WorkerID(from))
    case "kick":
      guard let client = value("client").flatMap({ ClientID($0) }) else { return nil }
      self = .kick(stream, client)
    default: return nil
    }
  }

  private static let longestWorkerID = 255
  private static let mostPartitions = 4_096
}
