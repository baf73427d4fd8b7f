/// Entries as they were read: frames that are recorded here, frames that another partition records, dead letters.
struct SortedFrames {
  private(set) var frames: [QueuedFrame] = []
  /// With the device that each event names.
  private(set) var moves: [(named: DevicePair, move: FrameMove)] = []
  private(set) var letters: [DeadLetter] = []
  /// The storage does not tell now whose they are.
  private(set) var unplaced: [EntryID] = []
  private let partition: FramePartition
  private let keys: FrameKeys
  private let settings: RecorderSettings
  private var events: [(entry: StoredFrame, event: FrameEvent)] = []

  /// `partition`: whose stream it was; a device is recorded by the owner of its own alone.
  init(_ stored: [StoredFrame], of partition: FramePartition, _ keys: FrameKeys, _ settings: RecorderSettings) {
    (self.partition, self.keys, self.settings) = (partition, keys, settings)
    for entry in stored {
      do throws(FrameEventError) {
        events.append((entry, try FrameEvent.parse(entry.event ?? [])))
      } catch {
        let named = FrameEvent.named(entry.event ?? [])
        letters.append(
          DeadLetter(
            entry.entry, client: named.client, device: named.device, reason: error.reason, detail: error.detail))
      }
    }
  }

  /// To be called once. `shared`: which devices are others.
  nonisolated(nonsending) mutating func sort(by shared: SharedDevices) async {
    var places = await shared.places(of: asked)
    // Links may have come since they were looked for.
    let strangers = Set(events.map(Self.named)).filter { places[$0] == .itself && keys.partition(of: $0) != partition }
    places.merge(await shared.places(of: strangers, isFresh: true)) { $1 }
    for (entry, event) in events { sort(entry, event, places) }
  }

  /// Whose frame an entry is, before links are followed.
  private static func named(_ entry: StoredFrame, _ event: FrameEvent) -> DevicePair {
    entry.recordedAs ?? event.device
  }

  private var asked: Set<DevicePair> {
    var asked = Set(events.map(Self.named))
    for (_, event) in events {
      // A file may be named by another device's folder that is the same one.
      if let folder = settings.paths.device(event.framePath), folder != event.device { asked.insert(folder) }
    }
    return asked
  }

  private mutating func sort(_ entry: StoredFrame, _ event: FrameEvent, _ places: [DevicePair: SharedDevices.Place]) {
    let named = Self.named(entry, event)
    switch places[named] {
    case nil: unplaced.append(entry.entry)
    case .broken(let detail): bury(event, entry, .path, detail)
    case .itself where keys.partition(of: named) != partition:
      bury(event, entry, .invalid, "its partition is \(keys.partition(of: named))")
    case .itself: add(event, entry, to: named, places)
    case .other(let device) where keys.partition(of: device) != partition:
      let move = FrameMove(entry.entry, event: entry.event ?? [], received: entry.received, to: device)
      moves.append((event.device, move))
    case .other(let device): add(event, entry, to: device, places)
    }
  }

  private mutating func add(
    _ event: FrameEvent, _ entry: StoredFrame, to device: DevicePair, _ places: [DevicePair: SharedDevices.Place]
  ) {
    var event = event
    let named = event.device
    event.device = device
    settings.time.apply(to: &event, received: entry.received)
    let place = settings.paths.place(event.framePath, of: device, for: named.client) {
      $0 == named || places[$0] == .other(device)
    }
    switch place {
    case .file(let path):
      event.framePath = path
      frames.append(QueuedFrame(entry: entry.entry, event: event, received: entry.received))
    case .bad(let reason, let detail):
      bury(event, entry, reason, detail)
    }
  }

  private mutating func bury(
    _ event: FrameEvent, _ entry: StoredFrame, _ reason: DeadLetterReason, _ detail: String
  ) {
    letters.append(
      DeadLetter(entry.entry, client: event.rawClientID, device: event.rawDeviceID, reason: reason, detail: detail))
  }
}
