internal import Synchronization

package typealias CounterFamily = MetricFamily<Counter>
package typealias GaugeFamily = MetricFamily<Gauge>
package typealias HistogramFamily = MetricFamily<Histogram>

/// Metrics of one name that differ in the values of its labels.
///
/// The number of series is bounded: label values that come after `maximum` series are all counted under `other`, so that
/// no input can fill the memory. Label values are never a client id or a URL.
package final class MetricFamily<Metric: Sendable>: Sendable {
  package let labels: [String]
  private let maximum: Int
  private let make: @Sendable () -> Metric
  private let series = Mutex<[[String]: Metric]>([:])

  init(labels: [String], maximum: Int, make: @escaping @Sendable () -> Metric) {
    self.labels = labels
    self.maximum = maximum
    self.make = make
  }

  /// The metric of these label values, as many as there are labels. Keep it where it is used often.
  package func with(_ values: [String]) -> Metric {
    precondition(values.count == labels.count, "\(values.count) values for the labels \(labels)")
    return series.withLock { series in
      if let known = series[values] { return known }
      let key = series.count < maximum ? values : values.map { _ in "other" }
      if let known = series[key] { return known }
      let metric = make()
      series[key] = metric
      return metric
    }
  }

  /// All series in the order of their label values.
  var sorted: [(values: [String], metric: Metric)] {
    series.withLock { $0.map { (values: $0.key, metric: $0.value) } }
      .sorted { $0.values.lexicographicallyPrecedes($1.values) }
  }
}
