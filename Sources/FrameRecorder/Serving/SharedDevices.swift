internal import Synchronization

/// Which devices' folders are links to other devices' (they *are* those). The storage is asked only about devices that
/// Redis does not know, and not each time.
package final class SharedDevices: Sendable {
  private let storage: StorageThreads
  private let known: Mutex<BoundedCache<DevicePair, (target: DevicePair?, looked: ContinuousClock.Instant)>>
  private static let freshFor = Duration.seconds(30)

  package init(storage: StorageThreads, mostDevices: Int = 20_000) {
    self.storage = storage
    known = Mutex(BoundedCache(budget: mostDevices))
  }

  /// The other device that this one is; nil: it is itself, if it is anything.
  nonisolated(nonsending) package func target(of device: DevicePair) async -> DevicePair? {
    if let (target, looked) = known.withLock({ $0.value(device) }), looked + Self.freshFor > .now { return target }
    let found = try? await storage.run(device) { adapter throws(StorageError) in try adapter.device(device) }
    let target = found == device ? nil : found
    known.withLock { $0.set(device, (target, .now), cost: 1) }
    return target
  }
}
