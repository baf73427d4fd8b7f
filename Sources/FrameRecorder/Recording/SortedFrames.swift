/// Entries as they were read, as frames and as dead letters.
struct SortedFrames {
  private(set) var frames: [QueuedFrame] = []
  private(set) var letters: [DeadLetter] = []

  init(_ stored: [StoredFrame], _ settings: RecorderSettings) {
    for entry in stored {
      do throws(FrameEventError) {
        try add(FrameEvent.parse(entry.event ?? []), entry, settings)
      } catch {
        letters.append(DeadLetter(entry.entry, reason: error.reason, detail: error.detail))
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
      letters.append(
        DeadLetter(
          entry.entry, client: event.rawClientID, device: event.rawDeviceID, reason: reason, detail: detail))
    }
  }
}
