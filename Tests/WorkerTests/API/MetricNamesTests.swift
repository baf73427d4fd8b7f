import HTTP
import Observability
import Testing
import Transcoding

@testable import Worker

@Suite struct MetricNamesTests {
  @Test func allNamesKeepTheConventionsAndThoseOfTheContractAreThere() async throws {
    let logger = Logger(level: .error, sink: MemorySink())
    let platform = try await Platform(Configuration(), logger)
    let metrics = MetricsRegistry()
    let streams = StreamMetrics(metrics) { _, _ in }
    let monitor = LoopMonitor(loops: platform.loops.loops)
    let figures = WorkerFigures(metrics: streams, upstream: platform.upstreams.counters, monitor: monitor)
    WorkerGauges(
      metrics: metrics, figures: figures, platform: platform, http: HTTPServerMetrics(), monitor: monitor,
      registry: ViewerRegistry(), health: WorkerHealth(monitor: monitor, ffmpegVersion: nil, redis: nil)
    ).register()
    _ = WorkerRoutes.requestCounter(metrics)
    #expect(metrics.namingProblems() == [])
    let text = metrics.render()
    for name in [
      "millrace_streams", "millrace_clients", "millrace_upstream_connections", "millrace_bytes_in_total",
      "millrace_bytes_out_total", "millrace_client_skips_total", "millrace_client_write_timeouts_total",
      "millrace_source_retries_total", "millrace_ffmpeg_running", "millrace_ffmpeg_exits_total", "millrace_degraded",
      "millrace_loop_lag_seconds", "millrace_http_requests_total", "millrace_build_info",
    ] {
      #expect(text.contains("# TYPE \(name) "), "\(name)")
    }
    await platform.stop()
  }
}
