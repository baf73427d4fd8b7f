/// One sweep while it goes on.
struct SweepWork {
  let rule: SweepRule
  let oldestPending: [FramePartition: FrameTime]
  /// Space is wanted: frames that may go early are gathered.
  let isLow: Bool
  /// Into each device's folder.
  let looksAtAll: Bool
  var report = SweepReport()
  var pace: DeletionPace
  var early = OldestFrames()
  var activeSessions = 0
  var devices: [DevicePair] = []

  var now: FrameTime { rule.now }
}

/// The oldest of all frames that may go where space is wanted; bounded.
struct OldestFrames {
  struct Frame {
    let modified: FrameTime
    let device: DevicePair
    let name: String
    let size: Int64
  }

  private static let most = 20_000
  private var frames: [Frame] = []

  mutating func add(_ frame: Frame) {
    frames.append(frame)
    guard frames.count >= 2 * Self.most else { return }
    frames = oldestFirst
  }

  var oldestFirst: [Frame] { Array(frames.sorted { $0.modified < $1.modified }.prefix(Self.most)) }
}
