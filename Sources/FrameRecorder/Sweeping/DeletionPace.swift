/// Spreads deletions over time, so that a sweep does not keep the storage from its work.
struct DeletionPace {
  private let perSecond: Int
  private var count = 0
  private var began = ContinuousClock.now

  init(perSecond: Int) { self.perSecond = max(1, perSecond) }

  /// Deletions to do before the next `passed`.
  var part: Int { max(1, min(50, perSecond / 10)) }

  /// So many were done. Returns when the next ones may be.
  nonisolated(nonsending) mutating func passed(_ deletions: Int) async {
    guard deletions > 0 else { return }
    count += deletions
    let due = began + .seconds(1) * (Double(count) / Double(perSecond))
    let now = ContinuousClock.now
    if due > now {
      try? await Task.sleep(until: due, clock: .continuous)
    } else if now - due > .seconds(1) {
      // What was not used before is not made up for.
      (began, count) = (now, 0)
    }
  }
}
