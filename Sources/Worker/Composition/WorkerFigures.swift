internal import Cluster
internal import HTTP
internal import JSONCoding
internal import Observability
internal import Synchronization
internal import Transcoding

/// The figures of this worker in `/stats/detailed` and `/stats/performance`: counts since its start, rates over the last
/// whole second.
final class WorkerFigures: Sendable {
  private struct Rates {
    var bytesIn: UInt64 = 0
    var bytesOut: UInt64 = 0
    var inPerSecond: UInt64 = 0
    var outPerSecond: UInt64 = 0
    var cluster = ClusterStatistics()
  }

  private let metrics: StreamMetrics
  private let upstream: UpstreamCounters
  private let monitor: LoopMonitor
  private let rates = Mutex(Rates())

  init(metrics: StreamMetrics, upstream: UpstreamCounters, monitor: LoopMonitor) {
    self.metrics = metrics
    self.upstream = upstream
    self.monitor = monitor
  }

  /// Once a second.
  func sample() {
    let (bytesIn, bytesOut) = (metrics.bytesIn.value, metrics.fanOut.bytesOut.value)
    rates.withLock { rates in
      rates = Rates(
        bytesIn: bytesIn, bytesOut: bytesOut, inPerSecond: bytesIn &- rates.bytesIn,
        outPerSecond: bytesOut &- rates.bytesOut, cluster: rates.cluster)
    }
  }

  /// What the coordinator counted last.
  var cluster: ClusterStatistics {
    get { rates.withLock { $0.cluster } }
    set { rates.withLock { $0.cluster = newValue } }
  }

  var connections: JSON {
    .object([
      ("upstream_open", .integer(upstream.open.load(ordering: .relaxed))),
      ("upstream_opened_total", .unsigned(upstream.openedTotal.load(ordering: .relaxed))),
    ])
  }

  var failovers: JSON {
    .object([
      ("failovers_total", .integer(0)), ("retries_total", .unsigned(metrics.sourceRetries.value)),
      ("takeovers_total", .integer(0)),
    ])
  }

  var performance: JSON {
    let rates = rates.withLock { $0 }
    return .object([
      ("bytes_in_per_second", .unsigned(rates.inPerSecond)), ("bytes_out_per_second", .unsigned(rates.outPerSecond)),
      ("skips_total", .unsigned(metrics.fanOut.skips.value)),
      ("loop_lag_ms", .number(monitor.lag / .milliseconds(1))),
    ])
  }

  var errors: JSON {
    .object([
      ("upstream_errors_total", .unsigned(metrics.upstreamErrors.value)),
      ("write_timeouts_total", .unsigned(metrics.fanOut.writeTimeouts.value)),
      ("ffmpeg_exits_total", .unsigned(metrics.ffmpegEnds.value)), ("webhook_failures_total", .integer(0)),
    ])
  }
}
