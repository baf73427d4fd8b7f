package import Observability
internal import Synchronization

/// Keeps the playlist files of devices: the last state always gets there, at most one file a pause and a device. It is never
/// waited for; what fails is tried again.
package final class PlaylistWriter: Sendable {
  private struct Device {
    var isDirty = false
    var isWriting = false
    var segments: [RecordedSegment] = []
  }

  private let store: FrameStore
  private let storage: StorageThreads
  private let pause: Duration
  private let target: Int
  private let metrics: RecorderMetrics
  private let logger: Logger
  private let onWritten: @Sendable () -> Void
  private let isEnding = Atomic<Bool>(false)
  private let ending = Wakeup()
  private let devices = Mutex<[DevicePair: Device]>([:])
  private let work = TaskBag()
  private static let retry = Duration.seconds(5)

  /// - Parameters:
  ///   - pause: `FRAMES_PLAYLIST_WRITE_SECONDS`
  ///   - target: EXT-X-TARGETDURATION of devices that have none of their own.
  ///   - onWritten: after each file.
  package init(
    store: FrameStore, storage: StorageThreads, pause: Duration, target: Int, metrics: RecorderMetrics, logger: Logger,
    onWritten: @escaping @Sendable () -> Void = {}
  ) {
    (self.store, self.storage, self.pause) = (store, storage, pause)
    (self.target, self.metrics, self.logger, self.onWritten) = (target, metrics, logger, onWritten)
  }

  /// The device's index has changed.
  package func changed(_ device: DevicePair) {
    let begins = devices.withLock { devices in
      devices[device, default: Device()].isDirty = true
      if devices[device]?.isWriting == true { return false }
      devices[device]?.isWriting = true
      return true
    }
    if begins { work.add { await self.write(device) } }
  }

  /// Another worker may write the file from now on.
  package func forget(_ device: DevicePair) {
    devices.withLock { if $0[device]?.isWriting == false { $0[device] = nil } }
  }

  /// Writes at once what is not written yet, and ends with it; what fails is not tried again.
  nonisolated(nonsending) package func finish() async {
    isEnding.store(true, ordering: .releasing)
    ending.ring()
    await work.wait()
  }

  /// Ends, without what is not written yet: whoever comes next writes it.
  nonisolated(nonsending) package func stop() async { await work.end() }

  nonisolated(nonsending) private func write(_ device: DevicePair) async {
    repeat {
      devices.withLock { $0[device]?.isDirty = false }
      var rest = isEnding.load(ordering: .acquiring) ? .zero : pause
      do {
        try await writeOnce(device)
      } catch {
        metrics.playlistFailures.add()
        logger.warning("a playlist file was not written", ["frames.device": "\(device)", "error": "\(error)"])
        devices.withLock { $0[device]?.isDirty = true }
        guard !isEnding.load(ordering: .acquiring) else { return }
        rest = max(pause, Self.retry)
      }
      if rest > .zero { await ending.wait(atMost: rest) }
    } while !Task.isCancelled && !isDone(device)
  }

  private func isDone(_ device: DevicePair) -> Bool {
    devices.withLock { devices in
      guard devices[device]?.isDirty == false else { return false }
      devices[device]?.isWriting = false
      return true
    }
  }

  nonisolated(nonsending) private func writeOnce(_ device: DevicePair) async throws {
    let segments = try await refresh(device)
    let record = try await store.look(at: [(device, [])])[0].get().record
    // An index that Redis has lost: the file is what it is made of again.
    guard record.indexed != nil else { return }
    let target = record.target ?? target
    let path = StoragePath.playlist(device)
    try await storage.run(device) { adapter throws(StorageError) in
      if segments.isEmpty {
        try adapter.delete(path)
      } else {
        try adapter.put(DevicePlaylist.render(segments, .live, target: target), at: path, replaces: true)
      }
    }
    onWritten()
  }

  /// What is known of the index, with what has come and without what has gone since.
  nonisolated(nonsending) private func refresh(_ device: DevicePair) async throws -> [RecordedSegment] {
    var known = devices.withLock { $0[device]?.segments ?? [] }
    let first = try await store.segments(device, atMost: 1).first
    known.removeAll { $0.number < first?.number ?? .max }
    // Another recording: the device was reset.
    if known.first != first { known = [] }
    while true {
      let more = try await store.segments(device, after: known.last?.number)
      known += more
      if more.count < 10_000 { break }
    }
    let result = known
    devices.withLock { $0[device]?.segments = result }
    return result
  }
}
