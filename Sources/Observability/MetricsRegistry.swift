internal import Synchronization

/// The metrics of a process. Registering a name again gives the same metric; with another kind or labels it traps.
package final class MetricsRegistry: Sendable {
  /// The most series that one family has, besides `other`.
  package static let maximumSeries = 200

  private let entries = Mutex<[String: MetricEntry]>([:])

  package init() {}

  package func counter(_ name: StaticString, help: StaticString) -> Counter {
    counter(name, help: help, labels: []).with([])
  }

  /// `maximum`: of its series.
  package func counter(
    _ name: StaticString, help: StaticString, labels: [String], maximum: Int = MetricsRegistry.maximumSeries
  ) -> CounterFamily {
    register(name, help: help, labels: labels, maximum: maximum, make: Counter.init) { .counters($0) }
  }

  package func gauge(_ name: StaticString, help: StaticString) -> Gauge { gauge(name, help: help, labels: []).with([]) }

  package func gauge(_ name: StaticString, help: StaticString, labels: [String]) -> GaugeFamily {
    register(name, help: help, labels: labels, make: Gauge.init) { .gauges($0) }
  }

  package func histogram(
    _ name: StaticString, help: StaticString, bounds: [Double] = Histogram.durations
  ) -> Histogram {
    histogram(name, help: help, labels: [], bounds: bounds).with([])
  }

  package func histogram(
    _ name: StaticString, help: StaticString, labels: [String], bounds: [Double] = Histogram.durations
  ) -> HistogramFamily {
    register(name, help: help, labels: labels, make: { Histogram(bounds: bounds) }) { .histograms($0) }
  }

  /// A gauge whose value is asked for at each scrape, on the scraping thread. A later registration replaces `read`.
  package func gauge(_ name: StaticString, help: StaticString, read: @escaping @Sendable () -> Double) {
    insert(name, help: help, .read(kind: "gauge", labels: []) { [[]: read()] })
  }

  /// As above with labels: `read` gives each series' value under its label values.
  package func gauge(
    _ name: StaticString, help: StaticString, labels: [String],
    read: @escaping @Sendable () -> [[String]: Double]
  ) {
    insert(name, help: help, .read(kind: "gauge", labels: labels, read))
  }

  /// A counter that is kept elsewhere and asked for at each scrape; it must never go back.
  package func counter(_ name: StaticString, help: StaticString, read: @escaping @Sendable () -> UInt64) {
    insert(name, help: help, .read(kind: "counter", labels: []) { [[]: Double(read())] })
  }

  /// As above, in parts of a unit: seconds.
  package func counter(_ name: StaticString, help: StaticString, read: @escaping @Sendable () -> Double) {
    insert(name, help: help, .read(kind: "counter", labels: []) { [[]: read()] })
  }

  /// Everything in the Prometheus text format 0.0.4, in the order of the names.
  package func render() -> String {
    let sorted = entries.withLock { $0.sorted { $0.key < $1.key } }
    return sorted.map { $0.value.text(name: $0.key) }.joined()
  }

  /// The registered names that break the conventions, each with the reason; empty when all is well.
  package func namingProblems() -> [String] {
    let sorted = entries.withLock { $0.sorted { $0.key < $1.key } }
    return sorted.flatMap { metricNamingProblems(name: $0.key, entry: $0.value) }
  }

  private func register<Metric: Sendable>(
    _ name: StaticString, help: StaticString, labels: [String], maximum: Int = MetricsRegistry.maximumSeries,
    make: @escaping @Sendable () -> Metric,
    content: (MetricFamily<Metric>) -> MetricEntry.Content
  ) -> MetricFamily<Metric> {
    let name = name.description
    return entries.withLock { entries in
      if let known = entries[name] {
        guard let family = known.content.family(of: Metric.self), family.labels == labels else {
          preconditionFailure("\(name) is registered as another metric")
        }
        return family
      }
      let family = MetricFamily(labels: labels, maximum: maximum, make: make)
      entries[name] = MetricEntry(help: help.description, content: content(family))
      return family
    }
  }

  private func insert(_ name: StaticString, help: StaticString, _ content: MetricEntry.Content) {
    let name = name.description
    entries.withLock { entries in
      if let known = entries[name] {
        precondition(
          known.content.isRead && known.content.kind == content.kind, "\(name) is registered as another metric")
      }
      entries[name] = MetricEntry(help: help.description, content: content)
    }
  }
}
