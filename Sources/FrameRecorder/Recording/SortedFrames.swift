/// Entries as they were read, as frames and as dead letters.
struct SortedFrames {
  private(set) var frames: [QueuedFrame] = []
  private(set) var letters: [DeadLetter] = []

  /// `partition`: whose stream it was; a device is recorded by the owner of its own alone.
  init(_ stored: [StoredFrame], of partition: FramePartition, _ keys: FrameKeys, _ settings: RecorderSettings) {
    for entry in stored {
      do throws(FrameEventError) {
        let event = try FrameEvent.parse(entry.event ?? [])
        if let own = Self.other(event, partition, keys) {
          bury(event, entry, .invalid, "its partition is \(own)")
        } else {
          add(event, entry, settings)
        }
      } catch {
        let named = FrameEvent.named(entry.event ?? [])
        letters.append(
          DeadLetter(
            entry.entry, client: named.client, device: named.device, reason: error.reason, detail: error.detail))
      }
    }
  }

  private mutating func add(_ event: FrameEvent, _ entry: StoredFrame, _ settings: RecorderSettings) {
    var event = event
    settings.time.apply(to: &event, received: entry.received)
    switch settings.paths.place(event.framePath, of: event.device) {
    case .file(let path):
      event.framePath = path
      frames.append(QueuedFrame(entry: entry.entry, event: event, received: entry.received))
    case .bad(let reason, let detail):
      bury(event, entry, reason, detail)
    }
  }

  private static func other(_ event: FrameEvent, _ partition: FramePartition, _ keys: FrameKeys) -> FramePartition? {
    let own = keys.partition(of: event.device)
    return own == partition ? nil : own
  }

  private mutating func bury(
    _ event: FrameEvent, _ entry: StoredFrame, _ reason: DeadLetterReason, _ detail: String
  ) {
    letters.append(
      DeadLetter(entry.entry, client: event.rawClientID, device: event.rawDeviceID, reason: reason, detail: detail))
  }
}
