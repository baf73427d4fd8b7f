/// Values by key, the least recently used ones gone once their costs exceed a budget.
struct BoundedCache<Key: Hashable, Value> {
  private struct Entry {
    var value: Value
    let cost: Int
    var used: UInt64
  }

  private let budget: Int
  private var entries: [Key: Entry] = [:]
  private var time: UInt64 = 0
  private(set) var cost = 0

  init(budget: Int) { self.budget = budget }

  /// The value, which counts as used.
  mutating func value(_ key: Key) -> Value? {
    guard let place = entries.index(forKey: key) else { return nil }
    time += 1
    entries.values[place].used = time
    return entries.values[place].value
  }

  func contains(_ key: Key) -> Bool { entries[key] != nil }

  /// `cost` ≥ 1. What alone exceeds the budget is not kept.
  mutating func set(_ key: Key, _ value: Value, cost: Int) {
    remove(key)
    let cost = max(1, cost)
    guard cost <= budget else { return }
    time += 1
    entries[key] = Entry(value: value, cost: cost, used: time)
    self.cost += cost
    while self.cost > budget, let oldest = entries.min(by: { $0.value.used < $1.value.used })?.key { remove(oldest) }
  }

  mutating func remove(_ key: Key) {
    if let entry = entries.removeValue(forKey: key) { cost -= entry.cost }
  }
}
