internal import Synchronization

/// The indexes of devices as this worker last read them, for its playlist files and for its viewers. Bounded: what was not
/// asked for the longest goes, and is read again when it is wanted.
package final class DeviceIndexes: Sendable {
  private struct Known {
    var index: DeviceIndex
    var read: ContinuousClock.Instant
  }

  private typealias Reading = Task<Result<DeviceIndex, FrameStoreError>, Never>

  private struct State {
    var known: BoundedCache<DevicePair, Known>
    var readings: [DevicePair: (version: IndexVersion, task: Reading)] = [:]
  }

  private let store: FrameStore
  private let state: Mutex<State>
  /// Entries that are read at once: more would hold up what else waits for Redis.
  private static let part = 500

  /// `mostSegments`: of all devices together, of 56 bytes each.
  package init(store: FrameStore, mostSegments: Int = 2_000_000) {
    self.store = store
    state = Mutex(State(known: BoundedCache(budget: mostSegments)))
  }

  /// The index as it is now; nil: the device is unknown. One small read of Redis where nothing is new, else also what has
  /// come since.
  package nonisolated(nonsending) func current(
    _ device: DevicePair
  ) async throws(FrameStoreError) -> (index: DeviceIndex, now: FrameTime)? {
    let (version, now) = try await store.version(of: device)
    guard let version else {
      state.withLock { $0.known.remove(device) }
      return nil
    }
    if let index = unchanged(device, version) { return (index, now) }
    return (try await reading(device, version).value.get(), now)
  }

  /// As it was when it was last read, not longer ago than `age`: for when Redis is away.
  package func remembered(_ device: DevicePair, within age: Duration) -> DeviceIndex? {
    state.withLock { state in
      guard let known = state.known.value(device), known.read + age > .now else { return nil }
      return known.index
    }
  }

  func forget(_ device: DevicePair) { state.withLock { $0.known.remove(device) } }

  private func unchanged(_ device: DevicePair, _ version: IndexVersion) -> DeviceIndex? {
    state.withLock { state in
      guard var known = state.known.value(device), known.index.version == version else { return nil }
      known.read = .now
      state.known.set(device, known, cost: known.index.segments.count)
      return known.index
    }
  }

  /// The one that is on its way for this version, or a new one.
  private func reading(_ device: DevicePair, _ version: IndexVersion) -> Reading {
    state.withLock { state in
      if let present = state.readings[device], present.version == version { return present.task }
      let known = state.known.value(device)?.index
      let task = Reading { [self] in
        let result = await read(device, version, from: known)
        finish(device, version, result)
        return result
      }
      state.readings[device] = (version, task)
      return task
    }
  }

  private func finish(_ device: DevicePair, _ version: IndexVersion, _ result: Result<DeviceIndex, FrameStoreError>) {
    state.withLock { state in
      if state.readings[device]?.version == version { state.readings[device] = nil }
      guard case .success(let index) = result else { return }
      state.known.set(device, Known(index: index, read: .now), cost: index.segments.count)
    }
  }

  /// What is known, with what has come and without what has gone since.
  nonisolated(nonsending) private func read(
    _ device: DevicePair, _ version: IndexVersion, from known: DeviceIndex?
  ) async -> Result<DeviceIndex, FrameStoreError> {
    guard let first = version.first else { return .success(DeviceIndex(version: version, segments: [])) }
    var segments: [ListedSegment] = []
    if let known, version.continues(known.version) {
      segments = Array(known.segments.drop { $0.number < first })
    }
    while segments.last?.number != version.last {
      let more: [RecordedSegment]
      do throws(FrameStoreError) {
        more = try await store.segments(device, after: segments.last?.number, atMost: Self.part)
      } catch {
        return .failure(error)
      }
      segments += more.lazy.map { ListedSegment($0) }
      if more.count < Self.part { break }
    }
    var version = version
    (version.first, version.last) = (segments.first?.number, segments.last?.number)
    return .success(DeviceIndex(version: version, segments: segments))
  }
}
