package import Observability

/// What the recorder counts (the kept names of the reference among them).
package struct RecorderMetrics: Sendable {
  let received: DeviceCounter
  let segments: DeviceCounter
  let errors: DeviceCounter
  let encodeSeconds: Histogram
  let recorded: Counter
  let duplicates: CounterFamily
  let late: Counter
  let skewed: Counter
  let naive: Counter
  let truncated: Counter
  let unlocated: Counter
  let deadLetters: CounterFamily
  let retries: CounterFamily
  let fenced: CounterFamily
  let commitSeconds: Histogram
  let segmentBytes: Counter
  let sessionsEnded: CounterFamily
  let takeovers: Counter
  let playlistFailures: Counter
  /// Processor time of encoders, µs.
  let encodeMicroseconds = Counter()
  package let board = StatusBoard()

  package init(_ registry: MetricsRegistry, _ devices: DeviceLabels = DeviceLabels()) {
    received = DeviceCounter(
      registry, "stream_processor_frames_received_total", help: "Frames read from the streams.", devices)
    segments = DeviceCounter(
      registry, "stream_processor_segments_generated_total", help: "Segments recorded.", devices)
    errors = DeviceCounter(
      registry, "stream_processor_errors_total", help: "Errors of the recorder.", labels: ["error_type"], devices)
    encodeSeconds = registry.histogram(
      "stream_processor_ffmpeg_duration_seconds", help: "Wall time of an encoding.",
      bounds: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120])
    recorded = registry.counter("millrace_frames_recorded_total", help: "Frames recorded.")
    duplicates = registry.counter(
      "millrace_frames_duplicates_total", help: "Frames whose event was there before.", labels: ["where"])
    late = registry.counter("millrace_frames_late_total", help: "Frames older than one that was cut before.")
    skewed = registry.counter("millrace_frames_clock_skew_total", help: "Capture times that were replaced.")
    naive = registry.counter("millrace_frames_naive_timestamp_total", help: "Capture times without an offset.")
    truncated = registry.counter("millrace_frames_truncated_total", help: "JPEGs without an end marker, kept.")
    unlocated = Self.unlocated(registry)
    deadLetters = registry.counter(
      "millrace_frames_dead_letters_total", help: "Frames that are not recorded.", labels: ["reason"])
    retries = registry.counter("millrace_frames_retries_total", help: "Encodings tried again.", labels: ["reason"])
    fenced = registry.counter(
      "millrace_frames_fenced_total",
      help: "Calls refused to a stale owner of a partition; ownership: partitions that another one took.",
      labels: ["step"])
    commitSeconds = registry.histogram("millrace_frames_commit_seconds", help: "Wall time of a commit.")
    segmentBytes = registry.counter("millrace_frames_segment_bytes_total", help: "Bytes of recorded segments.")
    sessionsEnded = registry.counter(
      "millrace_frames_sessions_ended_total", help: "Sessions ended.", labels: ["reason"])
    takeovers = registry.counter("millrace_frames_takeovers_total", help: "Partitions that this worker began to read.")
    playlistFailures = registry.counter(
      "millrace_frames_playlist_write_failures_total", help: "Playlist files that were not written at once.")
    let microseconds = encodeMicroseconds
    registry.counter("millrace_frames_encode_cpu_seconds_total", help: "Processor time of encoders.") {
      Double(microseconds.value) / 1_000_000
    }
    addGauges(registry)
  }

  /// Counted where a frame comes in: by the stream or by HTTP.
  package static func unlocated(_ registry: MetricsRegistry) -> Counter {
    registry.counter(
      "millrace_frames_invalid_location_total", help: "Frames whose location is none and was left out.")
  }

  private func addGauges(_ registry: MetricsRegistry) {
    let board = board
    registry.gauge("stream_processor_active_devices", help: "Devices with state in memory.") {
      Double(board.sum.devices)
    }
    registry.gauge("stream_processor_queued_frames", help: "Frames held in memory.") { Double(board.sum.held) }
    registry.gauge("millrace_frames_pending_entries", help: "Entries read and not finished.") {
      Double(board.sum.unfinished)
    }
    registry.gauge("millrace_frames_partitions_owned", help: "Partitions that this worker reads.") {
      Double(board.sum.partitions)
    }
    registry.gauge(
      "millrace_frames_oldest_unrecorded_seconds", help: "Age of the oldest frame that is not recorded."
    ) { board.oldestAge.map { Double($0) / 1_000 } ?? 0 }
  }

  /// `device`: nil if they are of several. What is no event was counted when it was read.
  func note(_ letters: [DeadLetter], of device: DevicePair? = nil) {
    for letter in letters {
      deadLetters.with([letter.reason.rawValue]).add()
      if !letter.reason.isUnreadable { errors.add(1, ["processing"], of: device) }
    }
  }
}
