import TestKit
import Testing

@testable import FrameRecorder

@Suite struct BoundedCacheTests {
  @Test(arguments: 1...20) func theLeastRecentlyUsedGoFirst(seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var cache = BoundedCache<Int, Int>(budget: 50)
    /// The last used at the end.
    var model: [(key: Int, value: Int, cost: Int)] = []
    for step in 0..<400 {
      let key = Int.random(in: 0..<12, using: &generator)
      switch Int.random(in: 0..<5, using: &generator) {
      case 0...1:
        let cost = Int.random(in: 1...60, using: &generator)
        cache.set(key, step, cost: cost)
        model.removeAll { $0.key == key }
        if cost <= 50 { model.append((key, step, cost)) }
        while model.reduce(0, { $0 + $1.cost }) > 50 { model.removeFirst() }
      case 2:
        cache.remove(key)
        model.removeAll { $0.key == key }
      default:
        let place = model.firstIndex { $0.key == key }
        #expect(cache.value(key) == place.map { model[$0].value })
        if let place { model.append(model.remove(at: place)) }
      }
      #expect(cache.cost == model.reduce(0) { $0 + $1.cost })
    }
  }
}
