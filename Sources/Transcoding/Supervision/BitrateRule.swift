/// Whether an open live source has become too slow (api.md §5): `lowChecks` checks in a row that found less than is due. A new
/// rule begins at each opening of the source.
///
/// ```
///   grace ──over──▶ checking ──low, low, low──▶ too slow
///                     └──enough, or held──▶ counted anew
/// ```
package struct BitrateRule: Sendable {
  package struct Settings: Sendable {
    /// MIN_BITRATE_THRESHOLD, bytes per second.
    package var minimumBytesPerSecond = 62_500
    /// BITRATE_CHECK_INTERVAL.
    package var interval = Duration.seconds(5)
    /// BITRATE_FAILOVER_THRESHOLD, ≥ 1.
    package var lowChecks = 3
    /// BITRATE_MONITORING_GRACE_PERIOD.
    package var grace = Duration.seconds(10)

    package init() {}
  }

  /// What is counted, and how much of it is due in a second.
  package enum Measure: Sendable, Equatable {
    /// The source's bytes.
    case bytes(duePerSecond: Int)
    /// 1/90,000 s of media: of a transcode, whose bytes are those of FFmpeg, half of the clock's pace is due.
    case mediaTime

    fileprivate var duePerSecond: Double {
      switch self {
      case .bytes(let due): Double(due)
      case .mediaTime: 45_000
      }
    }
  }

  private enum State {
    /// Exits: the grace is over → checking.
    case grace(until: ContinuousClock.Instant)
    /// `from`: the total at the begin of this check. Exits: none.
    case checking(since: ContinuousClock.Instant, from: Int64, low: Int)
  }

  package let measure: Measure
  private let interval: Duration
  private let lowChecks: Int
  private var state: State
  private var wasHeld = false

  /// The source is being opened. `interval`: of a check, where the source's kind needs a longer one than the setting's.
  package init(_ settings: Settings, measure: Measure, interval: Duration? = nil, now: ContinuousClock.Instant) {
    self.measure = measure
    self.interval = interval ?? settings.interval
    lowChecks = settings.lowChecks
    state = .grace(until: now + settings.grace)
  }

  /// We ourselves make the source wait: it sends more than is needed.
  package mutating func hold() { wasHeld = true }

  /// `total`: of what is measured, since any fixed time. Answers how much came per second where that has been too little for
  /// too long.
  package mutating func tick(now: ContinuousClock.Instant, total: Int64) -> Double? {
    switch state {
    case .grace(let until):
      if now >= until { begin(now, total, low: 0) }
      return nil
    case .checking(let since, let from, let low):
      let elapsed = since.duration(to: now)
      guard elapsed >= interval else { return nil }
      let perSecond = Double(total - from) / (elapsed / .seconds(1))
      let isLow = perSecond < measure.duePerSecond && !wasHeld
      begin(now, total, low: isLow ? low + 1 : 0)
      return isLow && low + 1 >= lowChecks ? perSecond : nil
    }
  }

  private mutating func begin(_ now: ContinuousClock.Instant, _ total: Int64, low: Int) {
    wasHeld = false
    state = .checking(since: now, from: total, low: low)
  }
}
