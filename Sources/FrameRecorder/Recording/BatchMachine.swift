package import FrameEncoding
package import Identifiers

/// The way of one batch from its cut to its recording: a value that says the next step; the shell does it and tells what came
/// of it. A step that nobody is to blame for is repeated until it works; after the publishing only the commit is.
///
/// ```
///   begin ─▶ (seed) ─▶ encode ─▶ publish ─▶ commit ─▶ end
///     ▲▲                 │          │exists    │ another session, number taken, seen before
///     │└──pause, next try┘          ▼          ▼
///     └────────────── above the largest ◀─ unpublish
/// ```
package struct BatchMachine: Sendable {
  package enum Action: Sendable, Equatable {
    case begin(tryNumber: Int, above: UInt64?)
    /// The device has no index: what the disk has goes there.
    case seed
    /// Decode it alone in a fresh encoder.
    case probe(FrameInput)
    case encode(EncodeJob)
    case publish(StoragePath, as: StoragePath)
    /// The number is in use: which is the largest on the disk?
    case findLargest
    /// `done` and `backlog` are the shell's to fill in.
    case commit(SegmentCommit)
    /// This batch's own file, which no index names and none will.
    case unpublish(UInt64)
    /// Dead letters, and entries that are only acknowledged: there is no segment.
    case finish(letters: [DeadLetter], entries: [EntryID])
    case wait(Duration)
    case end(Ending)
  }

  package enum Ending: Sendable, Equatable {
    case recorded(CommitAnswer.Recorded)
    /// All of it is in the dead letters, or was recorded before.
    case finished
    /// The device was reset: all that is in memory of it is to be read again.
    case reset
  }

  private enum Step: Sendable {
    case beginning
    case seeding
    case probing(BeginAnswer.Begun, next: Int)
    case encoding(BeginAnswer.Begun, EncodeJob)
    case publishing(BeginAnswer.Begun, EncodeJob, [FrameOutcome], EncodedSegment)
    case searching
    case committing(SegmentCommit)
    case unpublishing(thenReset: Bool)
    case finishing
    case over
  }

  private let device: DevicePair
  let generation: UInt64
  private let settings: BatchSettings
  let firstEntry: EntryID
  private let owner: Epoch
  private let newSession: SessionID
  private var step = Step.beginning
  private var frames: [QueuedFrame]
  private var letters: [DeadLetter] = []
  /// Frames that were recorded before.
  private var known: [EntryID] = []
  private var tryNumber = 1
  private var above: UInt64?
  private var pause = Duration.seconds(1)
  private var interval: Int64

  /// - Parameters:
  ///   - epoch: under which this worker owns the device's partition; it is part of the temporary file's name.
  ///   - newSession: the id of the session that the batch begins if it begins one.
  package init(
    _ batch: FrameBatch, of device: DevicePair, generation: UInt64, epoch: Epoch, interval: Int64,
    newSession: SessionID, settings: BatchSettings
  ) {
    (self.device, self.generation, self.settings, self.owner) = (device, generation, settings, epoch)
    (frames, firstEntry, self.interval, self.newSession) = (batch.frames, batch.firstEntry, interval, newSession)
  }

  /// The files of the frames that are in the segment, once it is recorded.
  var files: [StoragePath] { frames.compactMap { StoragePath($0.event.framePath) } }

  /// How often it was begun, by the cluster's account.
  package var tries: Int { tryNumber }

  package mutating func start() -> Action { begin() }

  private mutating func begin() -> Action {
    step = .beginning
    return .begin(tryNumber: tryNumber, above: above)
  }

  // MARK: Begin

  /// Nil: the store did not answer, or does not say that the partition is this worker's.
  package mutating func begun(_ answer: BeginAnswer?) -> Action {
    guard case .beginning = step else { return .end(.finished) }
    switch answer {
    case .begun(let begun): return begun.tries > 2 * settings.mostTries ? giveUp(begun) : encode(begun)
    case .unseeded:
      step = .seeding
      return .seed
    case .reset: return end(.reset)
    case .fenced, nil: return rest()
    }
  }

  package mutating func seeded(_ isDone: Bool) -> Action {
    guard case .seeding = step else { return .end(.finished) }
    step = .beginning
    return isDone ? begin() : rest()
  }

  private mutating func giveUp(_ begun: BeginAnswer.Begun) -> Action {
    tryNumber = begun.tries
    letters += frames.map { letter($0, .encoderFailed, "the segment could not be encoded") }
    frames = []
    return finish()
  }

  private mutating func encode(_ begun: BeginAnswer.Begun) -> Action {
    tryNumber = begun.tries
    if tryNumber > settings.mostTries, let first = frames.first {
      step = .probing(begun, next: 0)
      return .probe(input(first))
    }
    return encodeNow(begun)
  }

  private mutating func encodeNow(_ begun: BeginAnswer.Begun) -> Action {
    guard !frames.isEmpty else { return finish() }
    let goesOn = session(begun).isSame
    let job = settings.encoding.job(
      frames.map { input($0) }, size: goesOn ? begun.session?.size : nil,
      firstPTS: goesOn ? begun.record.nextPTS ?? Self.firstPTS : Self.firstPTS,
      counters: goesOn ? begun.record.continuity : [], interval: interval, output: temporary(begun))
    step = .encoding(begun, job)
    return .encode(job)
  }

  private static let firstPTS: Int64 = 90_000

  private func temporary(_ begun: BeginAnswer.Begun) -> StoragePath {
    StoragePath.segmentTemporary(device, begun.number, epoch: owner.description)
  }

  private func input(_ frame: QueuedFrame) -> FrameInput {
    FrameInput(
      path: frame.event.framePath, client: device.client.text, captured: frame.event.capture.milliseconds * 1_000,
      requested: frame.event.requestTime.map { $0.milliseconds * 1_000 })
  }

  /// Whose segment it is, and why the present session ends if it does.
  private func session(_ begun: BeginAnswer.Begun) -> (id: SessionID, isSame: Bool, ended: SessionEnd?) {
    guard let present = begun.record.session else { return (newSession, false, nil) }
    guard let record = begun.session, record.state == .active, begun.record.nextPTS != nil else {
      return (newSession, false, .gap)
    }
    let current = SessionRule.Current(id: present, started: record.started, last: record.last, media: record.media)
    let first = frames.map(\.received).min() ?? record.last
    let patience = begun.record.interval ?? interval
    switch settings.session.decide(current, firstReceived: first, interval: patience) {
    case .start: return (newSession, false, nil)
    case .goOn(let id): return (id, true, nil)
    case .split(_, let reason): return (newSession, false, reason)
    }
  }

  // MARK: Encode

  package mutating func probed(_ outcome: ProbeOutcome) -> Action {
    guard case .probing(let begun, let place) = step, place < frames.count else { return .end(.finished) }
    var next = place
    switch outcome {
    case .survived: next += 1
    case .killed(let detail): letters.append(letter(frames.remove(at: place), .decoderCrash, detail))
    case .prevented: return rest()
    }
    guard next < frames.count else { return encodeNow(begun) }
    step = .probing(begun, next: next)
    return .probe(input(frames[next]))
  }

  package mutating func encoded(_ outcome: EncodeOutcome) -> Action {
    guard case .encoding(let begun, let job) = step else { return .end(.finished) }
    switch outcome {
    case .done(let report) where report.frames.count == frames.count:
      if mayStillCome(report.frames, begun.now) { return wait(BatchSettings.filePause, .beginning) }
      return encoded(begun, job, report)
    case .done, .failed:
      tryNumber += 1
      return rest()
    case .prevented: return rest()
    }
  }

  private mutating func encoded(
    _ begun: BeginAnswer.Begun, _ job: EncodeJob, _ report: EncodeReport
  ) -> Action {
    guard let segment = report.segment else {
      bury(report.frames)
      return finish()
    }
    step = .publishing(begun, job, report.frames, segment)
    return publish(begun)
  }

  /// Both times are of Redis' clock: this machine's may be another one, and so may the producer's.
  private func mayStillCome(_ outcomes: [FrameOutcome], _ now: FrameTime) -> Bool {
    zip(frames, outcomes).contains { frame, outcome in
      guard case .bad(.missing, _) = outcome else { return false }
      return now.milliseconds(since: FrameTime(frame.entry)) < settings.fileWait.wholeMilliseconds
    }
  }

  private mutating func bury(_ outcomes: [FrameOutcome]) {
    var good: [QueuedFrame] = []
    for (frame, outcome) in zip(frames, outcomes) {
      switch outcome {
      case .good: good.append(frame)
      case .bad(let fault, let detail): letters.append(letter(frame, DeadLetterReason(fault), detail))
      }
    }
    frames = good
  }

  private func letter(_ frame: QueuedFrame, _ reason: DeadLetterReason, _ detail: String) -> DeadLetter {
    DeadLetter(
      frame.entry, client: frame.event.rawClientID, device: frame.event.rawDeviceID, reason: reason, detail: detail,
      tries: tryNumber)
  }

  // MARK: Publish

  private func publish(_ begun: BeginAnswer.Begun) -> Action {
    .publish(temporary(begun), as: StoragePath.segment(device, begun.number))
  }

  /// Nil: it is there under its name, durable.
  package mutating func published(_ error: StorageError?) -> Action {
    guard case .publishing(let begun, let job, let outcomes, let segment) = step else { return .end(.finished) }
    switch error?.code {
    case nil:
      pause = .seconds(1)
      bury(outcomes)
      let commit = commit(begun, job, segment)
      step = .committing(commit)
      return .commit(commit)
    case .exists:
      above = begun.number
      step = .searching
      return .findLargest
    // Somebody has swept it.
    case .missing: return begin()
    case .full, .outside, .wrongKind, .failed: return rest()
    }
  }

  /// Nil: it could not be found out.
  package mutating func foundLargest(_ number: UInt64?) -> Action {
    guard case .searching = step else { return .end(.finished) }
    guard let number else { return rest() }
    above = max(above ?? 0, number)
    return begin()
  }

  private func commit(
    _ begun: BeginAnswer.Begun, _ job: EncodeJob, _ segment: EncodedSegment
  ) -> SegmentCommit {
    let captures = frames.map(\.event.capture)
    let receipts = frames.map(\.received)
    let (id, _, ended) = session(begun)
    return SegmentCommit(
      device: device, generation: generation, number: begun.number, firstEntry: firstEntry,
      expectedSession: begun.record.session, session: id, endReason: ended, pts: job.firstPTS,
      duration: segment.duration,
      nextPTS: segment.nextPTS, continuity: segment.counters,
      captured: .init(first: captures.first ?? begun.now, last: captures.last ?? begun.now),
      received: .init(first: receipts.min() ?? begun.now, last: receipts.max() ?? begun.now), bytes: segment.bytes,
      frames: frames.count, size: segment.size, target: settings.target, done: nil,
      entries: frames.map(\.entry) + known, letters: letters, events: frames.map(\.event.eventID),
      secondaryKeys: frames.compactMap(\.event.secondaryKey))
  }

  // MARK: Commit

  /// Nil: the store did not answer; the same is offered again.
  package mutating func committed(_ answer: CommitAnswer?) -> Action {
    guard case .committing(let commit) = step else { return .end(.finished) }
    switch answer {
    case .recorded(let recorded), .already(let recorded): return end(.recorded(recorded))
    case .fenced, nil: return rest()
    case .numberTaken(let last):
      above = max(commit.number, last)
      return unpublish(commit, thenReset: false)
    case .otherSession:
      above = commit.number
      return unpublish(commit, thenReset: false)
    case .seen(let events):
      above = commit.number
      known += frames.filter { events.contains($0.event.eventID) }.map(\.entry)
      frames.removeAll { events.contains($0.event.eventID) }
      return unpublish(commit, thenReset: false)
    case .reset: return unpublish(commit, thenReset: true)
    }
  }

  private mutating func unpublish(_ commit: SegmentCommit, thenReset: Bool) -> Action {
    step = .unpublishing(thenReset: thenReset)
    return .unpublish(commit.number)
  }

  /// Whether or not it is gone: what stays is an orphan.
  package mutating func unpublished() -> Action {
    guard case .unpublishing(let isReset) = step else { return .end(.finished) }
    if isReset { return end(.reset) }
    return frames.isEmpty ? finish() : begin()
  }

  private mutating func finish() -> Action {
    step = .finishing
    return .finish(letters: letters, entries: known)
  }

  package mutating func finished(_ answer: OwnerAnswer?) -> Action {
    guard case .finishing = step else { return .end(.finished) }
    switch answer {
    case .done: return end(.finished)
    case .fenced, nil: return rest()
    }
  }

  // MARK: Pauses

  private mutating func rest() -> Action {
    defer { pause = min(pause * 2, BatchSettings.longestPause) }
    return .wait(pause)
  }

  private mutating func wait(_ time: Duration, _ next: Step) -> Action {
    step = next
    return .wait(time)
  }

  /// The step that could not be done is done again.
  package mutating func waited() -> Action {
    switch step {
    case .beginning, .seeding, .probing, .encoding: return begin()
    case .publishing(let begun, _, _, _): return publish(begun)
    case .searching: return .findLargest
    case .committing(let commit): return .commit(commit)
    case .unpublishing: return unpublished()
    case .finishing: return finish()
    case .over: return .end(.finished)
    }
  }

  private mutating func end(_ ending: Ending) -> Action {
    step = .over
    return .end(ending)
  }
}
