/// When the follower of another worker's log has to ask what is the matter with it (design.md §3, "Early detection"), and
/// when nobody here wants it any more.
///
/// ```
///   lively ──nothing for 750 ms, or three usual intervals──▶ silent: asks, and again ──▶ lively
///     └──no reader and no request for the patience──▶ unused
/// ```
struct FollowRule {
  enum Action: Equatable { case nothing, ask, leave }

  private static let shortestSilence = Duration.milliseconds(750)
  private static let longestSilence = Duration.seconds(3)
  /// How long a stream that the store does not know is waited for: its owner may put it back. Who is to know of a deletion
  /// is told of it.
  private static let lossPatience = Duration.seconds(10)
  /// Between two questions while the silence lasts.
  private static let askAgain = Duration.milliseconds(250)

  private let patience: Duration
  private var lastNews: ContinuousClock.Instant
  private var lastUse: ContinuousClock.Instant
  private var nextQuestion: ContinuousClock.Instant
  private var nextReminder: ContinuousClock.Instant
  private var usualInterval: Duration = .zero
  private var hasNews = false
  private var missingSince: ContinuousClock.Instant?

  /// `patience`: how long the stream is followed without a reader.
  init(patience: Duration, now: ContinuousClock.Instant) {
    self.patience = patience
    (lastNews, lastUse, nextQuestion, nextReminder) = (now, now, now, now)
  }

  /// Something was committed.
  mutating func news(now: ContinuousClock.Instant) {
    if hasNews {
      let interval = lastNews.duration(to: now)
      usualInterval = usualInterval == .zero ? interval : (usualInterval * 7 + interval) / 8
    }
    hasNews = true
    lastNews = now
    nextQuestion = now
  }

  /// Somebody reads, or has asked for a playlist or a segment.
  mutating func use(now: ContinuousClock.Instant) { lastUse = max(lastUse, now) }

  /// An answer says that the owner lives, or none came: what follows is asked in its time.
  mutating func answered(now: ContinuousClock.Instant) { nextQuestion = now + Self.askAgain }

  /// What is suspicious: longer than this without anything committed.
  var silence: Duration { min(max(Self.shortestSilence, usualInterval * 3), Self.longestSilence) }

  /// Whether an owner that lives is to be asked what is the matter: once in so long.
  mutating func reminds(now: ContinuousClock.Instant) -> Bool {
    guard lastNews.duration(to: now) >= Self.longestSilence, now >= nextReminder else { return false }
    nextReminder = now + Self.longestSilence
    return true
  }

  /// The store knows the stream.
  mutating func found() { missingSince = nil }

  /// The store does not know the stream. True: it is gone for good.
  mutating func missed(now: ContinuousClock.Instant) -> Bool {
    let since = missingSince ?? now
    missingSince = since
    return since.duration(to: now) >= Self.lossPatience
  }

  func tick(now: ContinuousClock.Instant) -> Action {
    if lastUse.duration(to: now) >= patience { return .leave }
    return lastNews.duration(to: now) >= silence && now >= nextQuestion ? .ask : .nothing
  }
}
