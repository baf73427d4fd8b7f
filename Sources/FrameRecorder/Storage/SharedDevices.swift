internal import Synchronization

/// Which devices' folders are links to other devices' (they *are* those). The storage is not asked each time.
package final class SharedDevices: Sendable {
  package enum Place: Hashable, Sendable {
    /// No link, whether there is a folder or not.
    case itself
    /// The last of the links leads there, whether there is a folder or not.
    case other(DevicePair)
    /// Its link leads to no device's folder below the base, or to itself.
    case broken(String)
  }

  private let storage: StorageThreads
  private let known: Mutex<BoundedCache<DevicePair, (place: Place, looked: ContinuousClock.Instant)>>
  private static let freshFor = Duration.seconds(30)

  package init(storage: StorageThreads, mostDevices: Int = 20_000) {
    self.storage = storage
    known = Mutex(BoundedCache(budget: mostDevices))
  }

  /// The other device that this one is; nil: it is itself, if it is anything.
  nonisolated(nonsending) package func target(of device: DevicePair) async -> DevicePair? {
    if case .other(let target)? = await places(of: [device])[device] { target } else { nil }
  }

  /// Without those that the storage does not tell now. `isFresh`: it is asked whatever is known.
  nonisolated(nonsending) package func places(
    of devices: Set<DevicePair>, isFresh: Bool = false
  ) async -> [DevicePair: Place] {
    guard !devices.isEmpty else { return [:] }
    let now = ContinuousClock.now
    var places: [DevicePair: Place] = [:]
    if !isFresh {
      known.withLock { known in
        for device in devices {
          if let (place, looked) = known.value(device), looked + Self.freshFor > now { places[device] = place }
        }
      }
    }
    let unknown = devices.filter { places[$0] == nil }.sorted()
    guard let first = unknown.first else { return places }
    let found = try? await storage.run(first) { adapter throws(StorageError) in
      unknown.map { Self.place(of: $0, in: adapter) }
    }
    known.withLock { known in
      for case (let device, let place?) in zip(unknown, found ?? []) {
        places[device] = place
        known.set(device, (place, now), cost: 1)
      }
    }
    return places
  }

  /// Nil: it cannot be told now.
  private static func place(of device: DevicePair, in adapter: any StorageAdapter) -> Place? {
    do throws(StorageError) {
      let found = try adapter.device(device)
      guard found == device else { return .other(found) }
      // A storage that is not mounted shows no links.
      return try adapter.look(.clients) == nil ? nil : .itself
    } catch {
      switch error.code {
      case .outside: return .broken(error.description)
      // What is no folder is no link either.
      case .missing, .wrongKind: return .itself
      case .exists, .full, .failed: return nil
      }
    }
  }
}
