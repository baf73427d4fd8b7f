package import Observability

/// What the keeping of recordings counts (the kept names of the reference among them).
package struct KeepingMetrics: Sendable {
  let sessionsEnded: CounterFamily
  let archiveSeconds: Histogram
  let segmentsDeleted: DeviceCounter
  let orphansDeleted: Counter
  let cleanupSeconds: Histogram
  let freeBytes: Gauge
  let sessionsActive: Gauge
  let archives: GaugeFamily

  /// - Parameter measuresSpace: nobody else of the process does.
  package init(_ registry: MetricsRegistry, _ devices: DeviceLabels = DeviceLabels(), measuresSpace: Bool = false) {
    sessionsEnded = registry.counter(
      "millrace_frames_sessions_ended_total", help: "Sessions ended.", labels: ["reason"])
    archiveSeconds = registry.histogram(
      "millrace_frames_archive_seconds", help: "Wall time of the making of an archive.",
      bounds: [0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300])
    segmentsDeleted = DeviceCounter(
      registry, "stream_processor_segments_deleted_total", help: "Segment files removed.", devices)
    orphansDeleted = registry.counter(
      "millrace_frames_orphans_deleted_total", help: "Files removed that nothing had a name for.")
    cleanupSeconds = registry.histogram(
      "stream_processor_cleanup_duration_seconds", help: "Wall time of a sweep.", bounds: [1, 5, 10, 30, 60, 120, 300])
    let freeBytes = Gauge()
    self.freeBytes = freeBytes
    if measuresSpace {
      registry.gauge("millrace_frames_storage_free_bytes", help: "Free space of the storage.") { freeBytes.value }
    }
    sessionsActive = registry.gauge(
      "millrace_frames_sessions_active", help: "Active sessions of the cluster at this process' last sweep.")
    archives = registry.gauge(
      "millrace_frames_archives", help: "Archives of the cluster at this process' last sweep.", labels: ["state"])
  }
}
