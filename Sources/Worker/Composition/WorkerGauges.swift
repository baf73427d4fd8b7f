internal import HTTP
internal import Observability

/// The metrics that are read when they are asked for (api.md §2.9).
struct WorkerGauges {
  let metrics: MetricsRegistry
  let figures: WorkerFigures
  let platform: Platform
  let http: HTTPServerMetrics
  let monitor: LoopMonitor
  let registry: ViewerRegistry
  let health: WorkerHealth

  func register() {
    let (platform, http, monitor, figures, registry, health) = (
      platform, http, monitor, figures, registry, health
    )
    metrics.gauge("millrace_streams", help: "Registered streams.") { Double(figures.cluster.streams) }
    metrics.gauge("millrace_clients", help: "Clients by format.", labels: ["format"]) {
      let viewers = registry.clientCount
      return [["ts"]: Double(viewers), ["hls"]: Double(max(0, figures.cluster.clients - viewers))]
    }
    metrics.gauge("millrace_viewer_connections", help: "Open connections of viewers at /stream.") {
      Double(registry.count)
    }
    metrics.gauge("millrace_upstream_connections", help: "Open connections to sources.") {
      Double(platform.upstreams.counters.open.load(ordering: .relaxed))
    }
    metrics.gauge("millrace_ffmpeg_running", help: "Child processes that run.") {
      Double(platform.spawner.processesRunning)
    }
    metrics.gauge("millrace_http_connections", help: "Open HTTP connections.") {
      Double(http.connectionsOpen.load(ordering: .relaxed))
    }
    metrics.gauge("millrace_degraded", help: "1 while the worker serves less than it should.") {
      health.report.degraded.isEmpty && health.report.reasons.isEmpty ? 0 : 1
    }
    metrics.gauge("millrace_loop_lag_seconds", help: "How late the slowest loop is.") { monitor.lag / .seconds(1) }
    metrics.gauge("millrace_build_info", help: "The version of this build.", labels: ["version"]) {
      [[ProductVersion.text]: 1]
    }
  }
}
