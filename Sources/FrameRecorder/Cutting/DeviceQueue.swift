internal import FrameEncoding

/// The frames of one device from their reading to their recording: which are pending, which make a segment, which one is
/// being encoded. A value that decides; the shell reads, encodes, commits.
///
/// ```
///   arrived ─▶ pending, sorted by capture ─C1…C5─▶ cut batches ─take()─▶ in work ─workEnded()─▶ gone
///        └─▶ beyond the bound only the entry's id, read again when there is room
/// ```
///
/// Pending frames are always fewer than N. A batch is never cut again, and at most one is in work.
package struct DeviceQueue: Sendable {
  package typealias Instant = ContinuousClock.Instant

  package enum Arrival: Sendable, Equatable {
    /// The entry is here already: nothing is to be done.
    case known
    /// Another entry with the same event id is here: this one is acknowledged and counted.
    case duplicate
    /// Only its id is kept: the event is read again when there is room.
    case postponed
    /// `isLate`: older than a frame that was cut before. `isReady`: a batch waits for an encoder that did not before.
    case queued(isLate: Bool, isReady: Bool)
  }

  struct Pending: Sendable {
    let frame: QueuedFrame
    let readAt: Instant
  }

  private struct Postponed: Sendable {
    let entry: EntryID
    var isAsked = false
  }

  private let settings: CutSettings
  /// The device's mean interval between frames, ms.
  package var interval: Int64
  private var pending: [Pending] = []
  private var cut: [FrameBatch] = []
  private var work: FrameBatch?
  /// By entry id, which is the order of arrival.
  private var postponed: ArraySlice<Postponed> = []
  private var entries: [String: EntryID] = [:]
  private var newestRead = EntryID.zero
  private var lastCut: FrameTime?

  /// - Parameters:
  ///   - lastCapture: of the last recorded frame; nil if there is none.
  ///   - interval: the device's mean interval between frames, ms.
  package init(settings: CutSettings, lastCapture: FrameTime?, interval: Int64) {
    (self.settings, lastCut, self.interval) = (settings, lastCapture, interval)
  }

  // MARK: What is here

  /// Frames whose events are in memory.
  package var heldCount: Int { entries.count }
  package var pendingCount: Int { pending.count }
  /// The frames whose events are in memory.
  var heldFrames: [QueuedFrame] { pending.map(\.frame) + cut.flatMap(\.frames) + (work?.frames ?? []) }
  /// Entries of which only the id is kept.
  package var postponedCount: Int { postponed.count }
  /// Nothing of it is unfinished: the state may be dropped.
  package var isIdle: Bool { entries.isEmpty && postponed.isEmpty }
  /// The batch that an encoder is to take next; nil while one is in work.
  package var ready: FrameBatch? { work == nil ? cut.first : nil }
  /// When `deadlinePassed` is to be called; nil: nothing waits.
  package var deadline: Instant? { pending.map(\.readAt).min().map { $0 + settings.longestWait } }

  /// Up to which entry all of the device's are recorded, dead-lettered or acknowledged; nil: none is known to be.
  /// `afterWork`: once the batch in work is.
  package func doneID(afterWork: Bool) -> EntryID? {
    let done = oldestOpen(afterWork: afterWork).map { min($0.predecessor, newestRead) } ?? newestRead
    return done == .zero ? nil : done
  }

  /// The oldest entry that is not finished; nil: all are.
  package func oldestOpen(afterWork: Bool) -> EntryID? {
    var open = pending.map(\.frame.entry) + cut.flatMap(\.frames).map(\.entry)
    if !afterWork, let work { open += work.frames.map(\.entry) }
    if let first = postponed.first { open.append(first.entry) }
    return open.min()
  }

  // MARK: Reading

  /// A frame was read, for the first time or again. `hasRoom`: the worker may hold another event.
  package mutating func arrived(_ frame: QueuedFrame, now: Instant, hasRoom: Bool = true) -> Arrival {
    newestRead = max(newestRead, frame.entry)
    if let entry = entries[frame.event.eventID] {
      if entry != frame.entry { forget(frame.entry) }
      return entry == frame.entry ? .known : .duplicate
    }
    guard admit(frame.entry, hasRoom: hasRoom) else { return .postponed }
    let wasReady = ready != nil
    entries[frame.event.eventID] = frame.entry
    if isStep(frame) { cutPending(pending.count, .step, now) }
    let isLate = lastCut.map { frame.event.capture < $0 } ?? false
    insert(Pending(frame: frame, readAt: now))
    cutFull(now)
    return .queued(isLate: isLate, isReady: !wasReady && ready != nil)
  }

  /// An entry of the device was finished without being queued: a duplicate of a recorded one, a dead letter, an entry
  /// that was to be read again and is gone.
  package mutating func passed(_ entry: EntryID) {
    newestRead = max(newestRead, entry)
    forget(entry)
  }

  private mutating func forget(_ entry: EntryID) {
    let place = place(of: entry)
    if place < postponed.endIndex, postponed[place].entry == entry { postponed.remove(at: place) }
  }

  /// Of the first postponed entry that is not before this one.
  private func place(of entry: EntryID) -> Int {
    var (low, high) = (postponed.startIndex, postponed.endIndex)
    while low < high {
      let middle = low + (high - low) / 2
      if postponed[middle].entry < entry { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// Whether the event may be held; else its entry's id is kept. In order of arrival: what was postponed comes first.
  private mutating func admit(_ entry: EntryID, hasRoom: Bool) -> Bool {
    let place = place(of: entry)
    let isKept = place < postponed.endIndex && postponed[place].entry == entry
    if hasRoom, place == postponed.startIndex, heldCount < settings.mostHeld {
      if isKept { postponed.removeFirst() }
      return true
    }
    if isKept {
      postponed[place].isAsked = false
    } else {
      postponed.insert(Postponed(entry: entry), at: place)
    }
    return false
  }

  /// The entries that are to be read again now, oldest first: as many as there is room for, none that was asked for
  /// before. To be called when a batch has ended or the worker has room again.
  package mutating func readAgain(atMost most: Int = .max) -> [EntryID] {
    let asked = postponed.prefix { $0.isAsked }.count
    let room = min(settings.mostHeld - heldCount - asked, most)
    guard room > 0 else { return [] }
    let places = postponed.indices.dropFirst(asked).prefix(room)
    for place in places { postponed[place].isAsked = true }
    return places.map { postponed[$0].entry }
  }

  /// What was asked for could not be read: it is asked for again.
  package mutating func readingFailed() {
    for place in postponed.indices.prefix(while: { postponed[$0].isAsked }) { postponed[place].isAsked = false }
  }

  // MARK: Cutting

  private func isStep(_ frame: QueuedFrame) -> Bool {
    guard let oldest = pending.first?.frame.event.capture, let newest = pending.last?.frame.event.capture else {
      return false
    }
    let capture = frame.event.capture
    return capture.milliseconds(since: newest) > settings.longestWait.wholeMilliseconds
      || oldest.milliseconds(since: capture) > settings.reorderSpan.wholeMilliseconds
  }

  private mutating func insert(_ new: Pending) {
    let place = pending.lastIndex { QueuedFrame.isBefore($0.frame, new.frame) }.map { $0 + 1 } ?? 0
    pending.insert(new, at: place)
  }

  private mutating func cutFull(_ now: Instant) {
    while let count = tooLong { cutPending(count, .media, now) }
    while pending.count >= settings.framesPerSegment { cutPending(settings.framesPerSegment, .count, now) }
  }

  /// C4: how many frames to cut because all pending ones are too long for a segment; nil: they are not.
  private var tooLong: Int? {
    guard case .capture(let longest, _) = settings.timing, pending.count > 1 else { return nil }
    let captures = pending.map(\.frame.event.capture.milliseconds)
    let count = MediaTimeRule(longest: longest).fitting(captures, interval: interval)
    return count < captures.count ? count : nil
  }

  private mutating func cutPending(_ count: Int, _ rule: CutRule, _ now: Instant) {
    guard count > 0 else { return }
    let frames = pending.prefix(count).map(\.frame)
    pending.removeFirst(count)
    lastCut = frames.last?.event.capture
    cut.append(FrameBatch(frames: frames, rule: rule, cutAt: now))
  }

  /// C2, at `deadline` or later; before it nothing happens. True: a batch waits for an encoder that did not before.
  package mutating func deadlinePassed(now: Instant) -> Bool {
    guard let deadline, deadline <= now else { return false }
    return cutAll(.wait, now)
  }

  /// C5. True: a batch waits for an encoder that did not before.
  package mutating func flush(now: Instant) -> Bool { cutAll(.flush, now) }

  private mutating func cutAll(_ rule: CutRule, _ now: Instant) -> Bool {
    let wasReady = ready != nil
    cutPending(pending.count, rule, now)
    return !wasReady && ready != nil
  }

  // MARK: Work

  /// An encoder takes the batch that is ready; nil if none is.
  package mutating func take() -> FrameBatch? {
    guard ready != nil else { return nil }
    work = cut.removeFirst()
    return work
  }

  /// The batch in work is recorded or dead-lettered, whatever it took. True: the next one is ready.
  package mutating func workEnded() -> Bool {
    for frame in work?.frames ?? [] { entries[frame.event.eventID] = nil }
    work = nil
    return ready != nil
  }
}
