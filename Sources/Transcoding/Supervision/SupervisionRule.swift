/// When a stream's source is opened, given up, tried again. Decides; the `StreamRuntime` acts.
///
/// ```
///            start                 media
///   idle ──────────▶ opening ─────────────────▶ running
///                      │  ▲                        │ failure, stall
///        failure, no   │  │ retry delay            ▼
///        media in time ▼  │        ┌────────── waiting ◀── more tries for this URL, or another URL
///                    (decide) ─────┤
///                                  ├── all URLs failed, media was seen ──▶ waiting for HOLD_SECONDS
///                                  └── all URLs failed, never media, or total timeout ──▶ finished(failed)
///   any ──stop──▶ finished(stopped)      running ──film is over──▶ finished(ended)
/// ```
///
/// A source that sends nothing gets STREAM_RETRY_WINDOW. One that evidently works but has no media yet (an FFmpeg that
/// logs and reports progress, a transport stream before its first random access point) gets that window again from each
/// sign of life, and FIRST_BYTE_TIMEOUT in all: no viewer waits longer. An FFmpeg that reads a playlist gets all of that
/// time: it says nothing while it waits for segments and probes them.
package struct SupervisionRule: Sendable {
  package typealias Instant = ContinuousClock.Instant

  package struct Settings: Sendable {
    /// STREAM_RETRY_ATTEMPTS: tries of one URL in a row.
    package var attempts = 3
    /// STREAM_RETRY_DELAY, × 1.5 each time if `isExponential`, at most `longestDelay`.
    package var delay = Duration.seconds(1)
    package var isExponential = false
    package var longestDelay = Duration.seconds(30)
    /// STREAM_RETRY_WINDOW: without media from one URL for so long, the next URL.
    package var window = Duration.seconds(8)
    /// FIRST_BYTE_TIMEOUT: the longest opening of a source that shows signs of life.
    package var longestOpening = Duration.seconds(20)
    /// LIVE_CHUNK_TIMEOUT_SECONDS: silence of a running source that counts as a stall.
    package var stall = Duration.seconds(4)
    /// HOLD_SECONDS: the pause before the list of URLs is gone through again.
    package var hold = Duration.seconds(10)
    /// STREAM_TOTAL_TIMEOUT since the last media, or the start; nil for never.
    package var total: Duration? = .seconds(60)

    package init() {}
  }

  /// Identifies one opening of a source: events of an earlier one are stale.
  package struct Attempt: Hashable, Sendable {
    fileprivate let number: UInt64
  }

  package enum Outcome: Sendable, Equatable {
    case ended
    case stopped
    case failed(SourceFailure)
  }

  private enum State {
    /// Exits: start, stop.
    case idle
    /// Exits: media → running; failure or the window's end → waiting, finished; stop.
    case opening(Attempt, since: Instant, lastSign: Instant)
    /// Exits: failure, stall → waiting, finished; the film's end → finished; stop.
    case running(Attempt, lastMedia: Instant)
    /// Exits: `until` has come → opening; total timeout → finished; stop.
    case waiting(until: Instant)
    /// Exits: none.
    case finished(Outcome)
  }

  private let settings: Settings
  private let urlCount: Int
  private var state = State.idle
  private var lastAttempt: UInt64 = 0
  /// Index of the URL in use.
  package private(set) var url = 0
  private var triesOfURL = 0
  private var firstTryOfURL: Instant?
  private var urlsFailed = 0
  private var lastMedia: Instant?
  private var started: Instant?
  private var lastFailure = SourceFailure.silent
  /// The URL in use has turned out to be a playlist: that happens once.
  private var isKnownPlaylist = false
  /// Silence of a running source that counts as a stall; the setting's, unless the source's kind needs longer.
  package var stall: Duration
  /// Silence of a source that is being opened: STREAM_RETRY_WINDOW, unless the source's kind needs longer.
  package var window: Duration
  /// How often a source was opened again.
  package private(set) var restarts = 0

  /// `urlCount` ≥ 1: the primary URL and its alternatives.
  package init(settings: Settings, urlCount: Int) {
    self.settings = settings
    self.urlCount = max(1, urlCount)
    stall = settings.stall
    window = settings.window
  }

  package enum OpenAction: Sendable, Equatable {
    case open(Attempt, url: Int)
    case doNothing
  }

  package enum LossAction: Sendable, Equatable {
    /// Close what is open and wait; a tick will open again.
    case close
    /// Close what is open and end the stream.
    case finish(Outcome)
    case doNothing
  }

  package enum TickAction: Sendable, Equatable {
    case open(Attempt, url: Int)
    case close
    case finish(Outcome)
    case doNothing
  }

  package mutating func start(now: Instant) -> OpenAction {
    guard case .idle = state else { return .doNothing }
    started = now
    return .open(open(now: now), url: url)
  }

  private mutating func open(now: Instant) -> Attempt {
    if lastAttempt > 0 { restarts += 1 }
    lastAttempt += 1
    triesOfURL += 1
    if firstTryOfURL == nil { firstTryOfURL = now }
    let attempt = Attempt(number: lastAttempt)
    state = .opening(attempt, since: now, lastSign: now)
    return attempt
  }

  /// The source works, though it has no media yet.
  package mutating func sign(_ attempt: Attempt, now: Instant) {
    guard case .opening(attempt, let since, _) = state else { return }
    state = .opening(attempt, since: since, lastSign: now)
  }

  /// Media has come from the source. Answers whether it is the first of this attempt.
  package mutating func media(_ attempt: Attempt, now: Instant) -> Bool {
    switch state {
    case .opening(let current, _, _) where current == attempt:
      state = .running(attempt, lastMedia: now)
      triesOfURL = 0
      firstTryOfURL = nil
      urlsFailed = 0
      lastMedia = now
      return true
    case .running(let current, _) where current == attempt:
      state = .running(attempt, lastMedia: now)
      lastMedia = now
      return false
    case .idle, .opening, .running, .waiting, .finished: return false
    }
  }

  /// The source has ended. `isComplete`: a film that is over.
  package mutating func ended(_ attempt: Attempt, isComplete: Bool, now: Instant) -> LossAction {
    switch state {
    case .running(let current, _) where current == attempt && isComplete: return finish(.ended)
    case .idle, .opening, .running, .waiting, .finished: return failed(attempt, .closed, now: now)
    }
  }

  package mutating func failed(_ attempt: Attempt, _ failure: SourceFailure, now: Instant) -> LossAction {
    switch state {
    case .opening(let current, _, _) where current == attempt: return lose(failure, now: now)
    case .running(let current, _) where current == attempt: return lose(failure, now: now)
    case .idle, .opening, .running, .waiting, .finished: return .doNothing
    }
  }

  private mutating func lose(_ failure: SourceFailure, now: Instant) -> LossAction {
    if case .isPlaylist = failure, !isKnownPlaylist { return openAsPlaylist(now) }
    lastFailure = failure
    if isOverdue(now) { return finish(.failed(failure)) }
    let isOutOfTime = firstTryOfURL.map { $0.duration(to: now) >= settings.window } ?? false
    guard failure.isFinal || triesOfURL >= settings.attempts || isOutOfTime else {
      state = .waiting(until: now + delay)
      return .close
    }
    takeNextURL()
    urlsFailed += 1
    if urlsFailed < urlCount {
      state = .waiting(until: now)
      return .close
    }
    urlsFailed = 0
    guard lastMedia != nil else { return finish(.failed(failure)) }
    state = .waiting(until: now + settings.hold)
    return .close
  }

  /// No failure: the same URL, read in another way, at once and with a whole window.
  private mutating func openAsPlaylist(_ now: Instant) -> LossAction {
    isKnownPlaylist = true
    triesOfURL = 0
    firstTryOfURL = nil
    state = .waiting(until: now)
    return .close
  }

  private mutating func takeNextURL() {
    if urlCount > 1 { isKnownPlaylist = false }
    url = (url + 1) % urlCount
    triesOfURL = 0
    firstTryOfURL = nil
  }

  private var delay: Duration {
    guard settings.isExponential else { return settings.delay }
    var delay = settings.delay
    for _ in 1..<max(1, triesOfURL) where delay < settings.longestDelay { delay = delay * 3 / 2 }
    return min(delay, settings.longestDelay)
  }

  private mutating func finish(_ outcome: Outcome) -> LossAction {
    state = .finished(outcome)
    return .finish(outcome)
  }

  /// Looks at the time. `isHeld`: we ourselves make the source wait, so that its silence means nothing.
  package mutating func tick(now: Instant, isHeld: Bool) -> TickAction {
    switch state {
    case .idle, .finished: return .doNothing
    case .waiting(let until):
      if isOverdue(now) { return .finish(finished(.failed(lastFailure))) }
      return now >= until ? .open(open(now: now), url: url) : .doNothing
    case .opening(_, let since, let lastSign):
      let isSilent = lastSign.duration(to: now) >= window
      let isTooLong = since.duration(to: now) >= max(settings.longestOpening, window)
      guard isSilent || isTooLong || isOverdue(now) else { return .doNothing }
      return loseByTime(now)
    case .running(let attempt, let last):
      if isHeld {
        state = .running(attempt, lastMedia: now)
        lastMedia = now
        return .doNothing
      }
      guard last.duration(to: now) >= stall else { return .doNothing }
      return loseByTime(now)
    }
  }

  private mutating func loseByTime(_ now: Instant) -> TickAction {
    switch lose(.silent, now: now) {
    case .close: return .close
    case .finish(let outcome): return .finish(outcome)
    case .doNothing: return .doNothing
    }
  }

  private mutating func finished(_ outcome: Outcome) -> Outcome {
    state = .finished(outcome)
    return outcome
  }

  private func isOverdue(_ now: Instant) -> Bool {
    guard let total = settings.total, let since = lastMedia ?? started else { return false }
    return since.duration(to: now) >= total
  }

  /// Ends the stream from outside. Nothing comes after it.
  package mutating func stop() -> LossAction {
    if case .finished = state { return .doNothing }
    return finish(.stopped)
  }

  /// Whether media has been seen since the start: without it, the stream has only been starting.
  package var hasHadMedia: Bool { lastMedia != nil }

  package var isRunning: Bool {
    if case .running = state { return true }
    return false
  }
}
