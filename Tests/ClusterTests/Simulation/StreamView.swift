import Cluster
import Identifiers

/// What one worker knows of one stream.
struct StreamView {
  /// It has a viewer.
  var watches = false
  /// It was told to start the stream.
  var wantedUntil: Millis = 0
  var owned: SimulatedOwnership?
  /// The last that was read of the log; what is of an older epoch is left out.
  private(set) var seen: StreamPosition?
  private(set) var seenEpoch = Epoch.none
  private(set) var storedEpoch = Epoch.none
  var newsAt: Millis = 0
  var judged: (owner: Ownership, judge: OwnerJudge)?
  var askedAt: Millis = 0
  var lookAt: Millis = 0
  var isLooking = false
  var isReading = false
  var isClaiming = false
  /// A claim was not answered: this worker may be the owner.
  var isUncertain = false

  func wants(_ now: Millis) -> Bool { watches || isUncertain || now < wantedUntil }

  /// Whether it belongs into this worker's entry.
  var isListed: Bool { owned != nil || isClaiming || isUncertain }

  func needsReading(_ now: Millis) -> Bool { !isReading && wants(now) }

  mutating func take(_ reading: StreamReading, _ now: Millis) {
    storedEpoch = max(storedEpoch, reading.epoch)
    guard let last = reading.last, reading.lastEpoch >= seenEpoch, last != seen || reading.lastEpoch > seenEpoch else {
      return
    }
    seen = last
    seenEpoch = reading.lastEpoch
    newsAt = now
  }

  mutating func watch(_ owner: Ownership, askedAt now: Millis) {
    if judged?.owner != owner { judged = (owner, OwnerJudge(times: .standard)) }
    askedAt = now
    isLooking = true
  }

  mutating func forgetLook(_ owner: Ownership) {
    if judged?.owner == owner { isLooking = false }
  }
}

/// An ownership as its owner sees it.
struct SimulatedOwnership {
  let owner: Ownership
  private(set) var next: StreamPosition
  private(set) var last: StreamPosition?
  /// The count of losses of the store when it last said that this worker is the owner.
  var losses: Int
  var stopAt: Millis
  var isCommitting = false
  /// It says that it is the owner, because of this count of losses.
  var asserting: Int?
  /// Publishing was not allowed for a time: somebody else may have been the owner.
  var hasPaused = false

  init(owner: Ownership, next: StreamPosition, losses: Int, stopAt: Millis) {
    self.owner = owner
    self.next = next
    self.losses = losses
    self.stopAt = stopAt
  }

  /// Whether it is the owner all the same: the store has lost that it is.
  func isRobbed(_ fence: FencedResult.Fence, losses: Int) -> Bool {
    fence.isOlder(than: owner.epoch) || (self.losses != losses || fence == .unknown) && !hasPaused
  }

  /// A segment has two chunks.
  mutating func advance() {
    last = next
    let segment = next.chunk.value % 2 == 0 ? next.segment.next : next.segment
    next = StreamPosition(chunk: next.chunk.next, segment: segment)
  }
}
