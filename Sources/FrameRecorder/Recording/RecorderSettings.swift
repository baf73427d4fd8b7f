package import Observability

/// What the recorder of a worker goes by.
package struct RecorderSettings: Sendable {
  package var cut = CutSettings()
  package var batch: BatchSettings
  package var time: FrameTimeRule
  package var paths: FramePathRule
  /// Entries a read (`PROCESSING_RECEIVE_BATCH_SIZE`).
  package var batchSize = 100
  /// Unfinished entries of a partition from which on nothing more is read (`FRAMES_PENDING_MAX`).
  package var mostPending = 1_000_000
  /// Whether a frame's own file goes as soon as it is recorded (`FRAMES_KEEP_HOURS=0`).
  package var unlinksFrames = false

  package init(batch: BatchSettings, time: FrameTimeRule, paths: FramePathRule) {
    (self.batch, self.time, self.paths) = (batch, time, paths)
  }
}

/// What the recorder of a worker works with.
package struct RecorderServices: Sendable {
  package var store: FrameStore
  package var storage: StorageThreads
  package var shared: SharedDevices
  package var encoder: any SegmentEncoding
  package var encoders: EncoderQueue
  package var budget: QueueBudget
  /// Nil: no partition is read but each 2 s.
  package var alarm: FrameAlarm?
  /// Nil: there are no playlist files (`FRAMES_PLAYLIST_FILES`).
  package var playlists: PlaylistWriter?
  package var settings: RecorderSettings
  package var metrics: RecorderMetrics
  package var logger: Logger
  package var clock = RecorderClock.system
  /// Whether the worker's lease is confirmed: without it nothing is read, begun or committed.
  package var mayRecord: @Sendable () -> Bool = { true }
  /// A script refused this ownership (`PartitionKeeper.fenced`).
  package var onFenced: @Sendable (OwnedPartition) -> Void = { _ in }
  /// Called on the way, for tests that stop it there.
  package var onStep: @Sendable (RecordingStep) -> Void = { _ in }

  package init(
    store: FrameStore, storage: StorageThreads, encoder: any SegmentEncoding, encoders: EncoderQueue,
    budget: QueueBudget, alarm: FrameAlarm?, playlists: PlaylistWriter?, settings: RecorderSettings,
    metrics: RecorderMetrics, logger: Logger
  ) {
    (self.store, self.storage, self.encoder, self.encoders) = (store, storage, encoder, encoders)
    shared = SharedDevices(storage: storage)
    (self.budget, self.alarm, self.playlists) = (budget, alarm, playlists)
    (self.settings, self.metrics, self.logger) = (settings, metrics, logger)
  }
}
