/// Remembers which devices may have ended their transmission, so that a round costs no more than those that fell silent.
///
/// ```
///   found silent ─▶ waiting ─▶ due ─▶ asked ─▶ ended, gone, or sending again: forgotten
///                      ▲                 └──▶ not yet: waiting
///                      └─────────────────────┘
/// ```
package struct SilentDevices: Sendable {
  private struct Waiting {
    let received: FrameTime
    /// Nil: at once.
    var until: FrameTime?
  }

  /// Up to when each partition was looked at.
  package private(set) var cursors: [FramePartition: FrameTime] = [:]
  private var waiting: [DevicePair: Waiting] = [:]

  package init() {}

  package var count: Int { waiting.count }

  /// A look at a partition.
  package mutating func found(_ silence: Silence, in partition: FramePartition) {
    if let bound = silence.lookedUpTo { cursors[partition] = bound }
    for silent in silence.devices { waiting[silent.device] = Waiting(received: silent.received) }
  }

  /// Redis' clock went back, or it lost what it had: nothing is known.
  package mutating func forget() { self = SilentDevices() }

  /// Those that are to be asked now.
  package func due(_ now: FrameTime) -> [DevicePair] {
    waiting.filter { $0.value.until.map { $0 < now } ?? true }.keys.sorted()
  }

  /// What was found of a device that is due. Answers the session that may be over.
  package mutating func looked(at device: DevicePair, _ state: SilentState) -> SessionID? {
    guard let known = waiting[device] else { return nil }
    // One that has sent again is found again when it falls silent.
    guard let received = state.received, FrameTime(received) == known.received else {
      waiting[device] = nil
      return nil
    }
    let hasTail = state.done.map { $0 < received } ?? true
    if state.session == nil, !hasTail { waiting[device] = nil }
    return state.session
  }

  /// What its end was answered; nil: nothing.
  package mutating func answered(_ device: DevicePair, _ answer: EndAnswer?) {
    switch answer {
    case .online(let until): waiting[device]?.until = until
    case .ended: waiting[device] = nil
    case .notActive, .tailPending, .backlogUnread, nil: break
    }
  }
}
