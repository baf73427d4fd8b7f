package import Identifiers
package import MediaLog
package import Observability

/// What the streams of a worker count.
package struct StreamMetrics: Sendable {
  package let fanOut: FanOutServices
  package let bytesIn: Counter
  package let sourceRetries: Counter
  package let sourceFailures: CounterFamily
  package let ffmpegExits: CounterFamily
  package let streamsStarted: Counter
  package let ownershipsLost: Counter
  package let commitsFenced: Counter
  /// FFmpegs that copy a log into one client's container.
  package let ffmpegCopies: Gauge
  /// The sums of the two families, for the statistics of the API.
  package let upstreamErrors = Counter()
  package let ffmpegEnds = Counter()

  /// `report`: told once a second what readers of a stream got.
  package init(
    _ registry: MetricsRegistry, report: @escaping @Sendable (StreamID, [FanOutReader.Report]) -> Void
  ) {
    fanOut = FanOutServices(
      bytesOut: registry.counter("millrace_bytes_out_total", help: "Media bytes written to clients."),
      skips: registry.counter(
        "millrace_client_skips_total", help: "Clients that fell out of the window and went on at a newer point."),
      writeTimeouts: registry.counter(
        "millrace_client_write_timeouts_total", help: "Clients dropped because their socket took nothing."),
      report: report)
    bytesIn = registry.counter("millrace_bytes_in_total", help: "Media bytes taken from sources.")
    sourceRetries = registry.counter("millrace_source_retries_total", help: "Sources opened again.")
    sourceFailures = registry.counter(
      "millrace_source_failures_total", help: "Sources that gave no media, or no more.", labels: ["reason"])
    ffmpegExits = registry.counter("millrace_ffmpeg_exits_total", help: "FFmpeg exits by code.", labels: ["code"])
    ownershipsLost = registry.counter(
      "millrace_ownerships_lost_total", help: "Streams that another worker has taken over from this one.")
    commitsFenced = registry.counter(
      "millrace_commits_fenced_total", help: "Chunks that were refused because this worker may not publish them.",
      labels: ["reason"]
    ).with(["stale_epoch"])
    ffmpegCopies = registry.gauge(
      "millrace_ffmpeg_copying", help: "Child processes that copy a stream into one client's container.")
    streamsStarted = registry.counter("millrace_streams_started_total", help: "Streams whose source was opened.")
  }
}
