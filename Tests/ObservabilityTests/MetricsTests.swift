import Testing

@testable import Observability

@Suite struct MetricsTests {
  @Test func rendersInAStableOrderWithHelpAndType() {
    let registry = MetricsRegistry()
    registry.gauge("millrace_streams", help: "Streams that run.").set(2.5)
    registry.counter("millrace_bytes_in_total", help: "Bytes from sources.").add(1316)
    let clients = registry.gauge("millrace_clients", help: "Clients.", labels: ["format"])
    clients.with(["ts"]).add(3)
    clients.with(["hls"]).add(1)
    registry.gauge("millrace_degraded", help: "1 while degraded.") { 1 }
    #expect(
      registry.render() == """
        # HELP millrace_bytes_in_total Bytes from sources.
        # TYPE millrace_bytes_in_total counter
        millrace_bytes_in_total 1316
        # HELP millrace_clients Clients.
        # TYPE millrace_clients gauge
        millrace_clients{format="hls"} 1
        millrace_clients{format="ts"} 3
        # HELP millrace_degraded 1 while degraded.
        # TYPE millrace_degraded gauge
        millrace_degraded 1
        # HELP millrace_streams Streams that run.
        # TYPE millrace_streams gauge
        millrace_streams 2.5

        """)
    #expect(registry.render() == registry.render())
  }

  @Test func aHistogramCountsUpToEachBound() {
    let registry = MetricsRegistry()
    let histogram = registry.histogram("millrace_wait_seconds", help: "Waits.", labels: ["kind"], bounds: [1, 0.5])
    for value in [0.25, 0.5, 0.75, 2] { histogram.with(["a"]).observe(value) }
    #expect(
      registry.render() == """
        # HELP millrace_wait_seconds Waits.
        # TYPE millrace_wait_seconds histogram
        millrace_wait_seconds_bucket{kind="a",le="0.5"} 2
        millrace_wait_seconds_bucket{kind="a",le="1"} 3
        millrace_wait_seconds_bucket{kind="a",le="+Inf"} 4
        millrace_wait_seconds_sum{kind="a"} 3.5
        millrace_wait_seconds_count{kind="a"} 4

        """)
  }

  @Test(arguments: [
    ("a\"b", #"a\"b"#), ("a\\b", #"a\\b"#), ("a\nb", #"a\nb"#), ("a\r\nb", "a\r\\nb"), ("\"\u{301}", "\\\"\u{301}"),
  ]) func labelValuesAreEscaped(value: String, escaped: String) {
    let registry = MetricsRegistry()
    registry.counter("millrace_x_total", help: "X.", labels: ["l"]).with([value]).add()
    let line = registry.render().unicodeScalars.split(separator: "\n").last.map(String.init)
    #expect(line.map { Array($0.utf8) } == Array("millrace_x_total{l=\"\(escaped)\"} 1".utf8))
  }

  @Test func tooManySeriesAreCountedUnderOther() {
    let registry = MetricsRegistry()
    let family = registry.counter("millrace_x_total", help: "X.", labels: ["a", "b"])
    for number in 0..<(MetricsRegistry.maximumSeries + 50) { family.with([String(number), "b"]).add() }
    #expect(family.with(["other", "other"]).value == 50)
    #expect(family.with(["0", "b"]).value == 1)
    #expect(registry.render().split(separator: "\n").count == MetricsRegistry.maximumSeries + 1 + 2)
  }

  @Test func aNameTwiceIsOneMetric() {
    let registry = MetricsRegistry()
    registry.counter("millrace_x_total", help: "X.").add(2)
    #expect(registry.counter("millrace_x_total", help: "X.").value == 2)
  }

  @Test func manyThreadsLoseNothing() async {
    let counter = Counter()
    let gauge = Gauge()
    let histogram = Histogram(bounds: [1])
    await withTaskGroup { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 {
            counter.add()
            gauge.add(0.5)
            histogram.observe(1)
          }
        }
      }
    }
    #expect(counter.value == 8000)
    #expect(gauge.value == 4000)
    #expect(histogram.snapshot == Histogram.Snapshot(counts: [8000, 0], sum: 8000))
  }

  @Test func namesThatBreakTheConventionsAreFound() {
    let registry = MetricsRegistry()
    _ = registry.counter("millrace_bytes_out_total", help: "Good.")
    _ = registry.histogram("millrace_redis_command_seconds", help: "Good.")
    #expect(registry.namingProblems() == [])
    _ = registry.counter("millrace_skips", help: "X.")
    _ = registry.gauge("millrace_streams_total", help: "X.")
    _ = registry.gauge("streams", help: "X.")
    _ = registry.gauge("millrace_lag_ms", help: "X.")
    _ = registry.gauge("millrace_a", help: "")
    _ = registry.gauge("millrace_b", help: "X.", labels: ["Format"])
    #expect(registry.namingProblems().count == 6)
  }
}
