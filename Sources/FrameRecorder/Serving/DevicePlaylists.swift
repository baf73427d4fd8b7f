internal import Synchronization

/// The playlists of devices as they are sent and written: rendered once a change of the index, bounded in memory.
package final class DevicePlaylists: Sendable {
  package enum Failure: Error, Sendable, Equatable {
    case unknownDevice
    /// The device has no segment in the window.
    case nothing
    /// Redis does not answer, and what is known is too old or nothing.
    case store(FrameStoreError)
  }

  private struct Key: Hashable {
    let device: DevicePair
    let window: PlaylistWindow
    let isClosed: Bool
    let suffix: String
  }

  private typealias Rendering = Task<PlaylistText?, Never>

  private struct State {
    var texts: BoundedCache<Key, (version: IndexVersion, text: PlaylistText)>
    var renderings: [Key: (version: IndexVersion, task: Rendering)] = [:]
  }

  private let indexes: DeviceIndexes
  /// EXT-X-TARGETDURATION of devices that have none of their own.
  private let target: Int
  private let state: Mutex<State>
  /// For how long a playlist is shown while Redis is away.
  package static let longestAway = Duration.seconds(60)

  /// `mostBytes`: of all texts.
  package init(indexes: DeviceIndexes, target: Int, mostBytes: Int = 64 << 20) {
    (self.indexes, self.target) = (indexes, target)
    state = Mutex(State(texts: BoundedCache(budget: mostBytes)))
  }

  /// - Parameters:
  ///   - suffix: stands behind each URI.
  ///   - isForFile: nothing old will do, and the text is kept only if viewers ask for it, too.
  package nonisolated(nonsending) func text(
    _ device: DevicePair, _ window: PlaylistWindow = .whole, suffix: String = "", isForFile: Bool = false
  ) async throws(Failure) -> PlaylistText {
    let (index, now) = try await index(device, mayBeOld: !isForFile)
    guard !index.segments.isEmpty else { throw .nothing }
    let key = Key(device: device, window: window, isClosed: window.isClosed(now: now), suffix: suffix)
    if let text = rendered(key, index) { return text }
    guard let text = await rendering(key, index, now, isForFile: isForFile).value else { throw .nothing }
    return text
  }

  /// The device's generation as it was when it was last read; nil: nobody asked for its playlist lately.
  package func rememberedGeneration(of device: DevicePair) -> UInt64? {
    indexes.remembered(device, within: .seconds(3_600))?.version.generation
  }

  /// Its index is read again when somebody asks for it.
  func forget(_ device: DevicePair) { indexes.forget(device) }

  /// Whether the device has an index, be it an empty one.
  nonisolated(nonsending) func isIndexed(_ device: DevicePair) async throws(Failure) -> Bool {
    do throws(Failure) {
      return try await index(device, mayBeOld: false).index.version.indexed != nil
    } catch {
      guard error == .unknownDevice else { throw error }
      return false
    }
  }

  nonisolated(nonsending) private func index(
    _ device: DevicePair, mayBeOld: Bool
  ) async throws(Failure) -> (index: DeviceIndex, now: FrameTime) {
    let found: (index: DeviceIndex, now: FrameTime)?
    do throws(FrameStoreError) {
      found = try await indexes.current(device)
    } catch {
      guard mayBeOld, error.code == .unavailable,
        let index = indexes.remembered(device, within: Self.longestAway)
      else { throw .store(error) }
      return (index, .wallClock)
    }
    guard let found else { throw .unknownDevice }
    return found
  }

  private func rendered(_ key: Key, _ index: DeviceIndex) -> PlaylistText? {
    state.withLock { state in
      guard let (version, text) = state.texts.value(key), version == index.version else { return nil }
      return text
    }
  }

  /// Not on the caller's loop: a long one takes some milliseconds.
  private func rendering(_ key: Key, _ index: DeviceIndex, _ now: FrameTime, isForFile: Bool) -> Rendering {
    state.withLock { state in
      if let present = state.renderings[key], present.version == index.version { return present.task }
      let task = Rendering { [self] in
        let text = render(key, index, now)
        finish(key, index.version, text, isForFile: isForFile)
        return text
      }
      state.renderings[key] = (index.version, task)
      return task
    }
  }

  private func render(_ key: Key, _ index: DeviceIndex, _ now: FrameTime) -> PlaylistText? {
    guard let listed = key.window.select(index.segments, now: now) else { return nil }
    return PlaylistText(
      DevicePlaylist.render(
        listed.segments, key.isClosed ? .closed : .live, target: index.version.target ?? target, suffix: key.suffix))
  }

  private func finish(_ key: Key, _ version: IndexVersion, _ text: PlaylistText?, isForFile: Bool) {
    state.withLock { state in
      if state.renderings[key]?.version == version { state.renderings[key] = nil }
      guard let text, !isForFile || state.texts.contains(key) else { return }
      state.texts.set(key, (version, text), cost: text.cost)
    }
  }
}
