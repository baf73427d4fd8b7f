package import Observability
internal import Synchronization

/// Keeps the playlist files of devices: the last state always gets there, at most one file a pause and a device. It is never
/// waited for; what fails is tried again.
package final class PlaylistWriter: Sendable {
  private struct Device {
    var isDirty = false
    var isWriting = false
  }

  private let file: PlaylistFile
  private let pause: Duration
  private let metrics: RecorderMetrics
  private let logger: Logger
  private let onWritten: @Sendable () -> Void
  private let isEnding = Atomic<Bool>(false)
  private let ending = Wakeup()
  private let devices = Mutex<[DevicePair: Device]>([:])
  private let work = TaskBag()
  private static let retry = Duration.seconds(5)

  /// - Parameters:
  ///   - playlists: those that viewers are shown.
  ///   - pause: `FRAMES_PLAYLIST_WRITE_SECONDS`
  ///   - onWritten: after each file.
  package init(
    playlists: DevicePlaylists, storage: StorageThreads, pause: Duration, metrics: RecorderMetrics, logger: Logger,
    onWritten: @escaping @Sendable () -> Void = {}
  ) {
    file = PlaylistFile(playlists: playlists, storage: storage)
    self.pause = pause
    (self.metrics, self.logger, self.onWritten) = (metrics, logger, onWritten)
  }

  /// With playlists that nobody is shown. `target`: EXT-X-TARGETDURATION of devices that have none of their own.
  package convenience init(
    store: FrameStore, storage: StorageThreads, pause: Duration, target: Int, metrics: RecorderMetrics, logger: Logger
  ) {
    let playlists = DevicePlaylists(indexes: DeviceIndexes(store: store), target: target)
    self.init(playlists: playlists, storage: storage, pause: pause, metrics: metrics, logger: logger)
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

  /// Nothing has come of the device for long: what is known of its index goes too.
  func rest(_ device: DevicePair) {
    forget(device)
    file.playlists.forget(device)
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
        try await file.write(device)
        onWritten()
      } catch {
        metrics.playlistFailures.add()
        if error is StorageError { metrics.errors.add(1, ["storage"], of: device) }
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
}
