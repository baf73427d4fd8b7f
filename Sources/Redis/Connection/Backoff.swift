/// How long to wait before the next try: doubling, bounded, with jitter so that workers do not come all at once.
struct Backoff {
  let minimum: Duration
  let maximum: Duration

  /// After `failures` ≥ 1 in a row. `random` in 0..<1 takes up to half of the wait away.
  func delay(failures: Int, random: Double) -> Duration {
    let doublings = min(max(failures, 1) - 1, 30)
    let whole = min(minimum * (1 << doublings), maximum)
    return whole * (1 - random / 2)
  }
}
