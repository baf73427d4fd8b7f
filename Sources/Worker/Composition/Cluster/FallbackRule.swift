/// Whether this worker decides with Redis or alone (api.md §5, REDIS_FALLBACK).
///
/// ```
///   away ──all is back, nothing to wait for──▶ rejoining ──done──▶ connected ──a call or the lease failed──▶ away
///                                                  └──failed──▶ away
/// ```
struct FallbackRule {
  enum State: Equatable {
    /// Exits: `failed`.
    case connected
    /// Exits: `looked`.
    case away(since: ContinuousClock.Instant)
    /// Exits: `rejoined`, `failed`.
    case rejoining(since: ContinuousClock.Instant)
  }

  private(set) var state: State
  /// How often this worker may have lost its streams to others; what was confirmed before is no longer sure.
  private(set) var gaps = 0

  /// A worker that starts has not reached Redis yet.
  init(now: ContinuousClock.Instant) { state = .away(since: now) }

  var isAway: Bool { state != .connected }

  func awayFor(now: ContinuousClock.Instant) -> Duration {
    switch state {
    case .connected: .zero
    case .away(let since), .rejoining(let since): since.duration(to: now)
    }
  }

  /// Redis did not answer. True: this worker decides alone from now on.
  mutating func failed(now: ContinuousClock.Instant) -> Bool {
    switch state {
    case .connected:
      state = .away(since: now)
      return true
    case .rejoining(let since):
      state = .away(since: since)
      return false
    case .away: return false
    }
  }

  /// The lease was not confirmed in time, or somebody else had it.
  mutating func leaseGap() { gaps += 1 }

  /// `isMember`: connected, with a lease. `mustWait`: others may still put back what they have. True: rejoin now.
  mutating func looked(isMember: Bool, mustWait: Bool) -> Bool {
    guard case .away(let since) = state, isMember, !mustWait else { return false }
    state = .rejoining(since: since)
    return true
  }

  /// False: Redis went away meanwhile.
  mutating func rejoined() -> Bool {
    guard case .rejoining = state else { return false }
    state = .connected
    return true
  }
}
