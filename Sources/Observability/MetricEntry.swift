/// One name of the registry and its rendering in the Prometheus text format 0.0.4.
struct MetricEntry: Sendable {
  enum Content: Sendable {
    case counters(CounterFamily)
    case gauges(GaugeFamily)
    case histograms(HistogramFamily)
    case read(kind: String, labels: [String], @Sendable () -> [[String]: Double])

    var kind: String {
      switch self {
      case .counters: "counter"
      case .gauges: "gauge"
      case .histograms: "histogram"
      case .read(let kind, _, _): kind
      }
    }

    var labels: [String] {
      switch self {
      case .counters(let family): family.labels
      case .gauges(let family): family.labels
      case .histograms(let family): family.labels
      case .read(_, let labels, _): labels
      }
    }

    var isRead: Bool {
      if case .read = self { true } else { false }
    }

    func family<Metric>(of metric: Metric.Type) -> MetricFamily<Metric>? {
      switch self {
      case .counters(let family): family as? MetricFamily<Metric>
      case .gauges(let family): family as? MetricFamily<Metric>
      case .histograms(let family): family as? MetricFamily<Metric>
      case .read: nil
      }
    }
  }

  let help: String
  let content: Content

  func text(name: String) -> String {
    "# HELP \(name) \(escaped(help))\n# TYPE \(name) \(content.kind)\n" + samples(name: name)
  }

  private func samples(name: String) -> String {
    switch content {
    case .counters(let family):
      family.sorted.map { "\(name)\(braces($0.values)) \($0.metric.value)\n" }.joined()
    case .gauges(let family):
      family.sorted.map { "\(name)\(braces($0.values)) \(number($0.metric.value))\n" }.joined()
    case .histograms(let family):
      family.sorted.map { histogram(name: name, values: $0.values, $0.metric) }.joined()
    case .read(_, _, let read):
      read().sorted { $0.key.lexicographicallyPrecedes($1.key) }
        .map { "\(name)\(braces($0.key)) \(number($0.value))\n" }.joined()
    }
  }

  private func histogram(name: String, values: [String], _ histogram: Histogram) -> String {
    let snapshot = histogram.snapshot
    var text = ""
    var count: UInt64 = 0
    for (index, bound) in (histogram.bounds + [.infinity]).enumerated() {
      count += snapshot.counts[index]
      text += "\(name)_bucket\(braces(values, bound: bound)) \(count)\n"
    }
    return text + "\(name)_sum\(braces(values)) \(number(snapshot.sum))\n\(name)_count\(braces(values)) \(count)\n"
  }

  private func braces(_ values: [String], bound: Double? = nil) -> String {
    var pairs = zip(content.labels, values).map { "\($0)=\"\(escaped($1, quotes: true))\"" }
    if let bound { pairs.append("le=\"\(number(bound))\"") }
    return pairs.isEmpty ? "" : "{" + pairs.joined(separator: ",") + "}"
  }

  /// Scalar by scalar: as characters, a quote under an accent or a line feed after a return would go unnoticed.
  private func escaped(_ value: String, quotes: Bool = false) -> String {
    var result = ""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map(String.init) ?? value.description
  }
}

/// The reasons why a name breaks the conventions: `millrace_`, `_total` on counters only, base units, plain label names.
func metricNamingProblems(name: String, entry: MetricEntry) -> [String] {
  var problems: [String] = []
  let isPlain = { (text: String) in
    text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_") }
  }
  if !name.hasPrefix("millrace_") { problems.append("\(name): the prefix millrace_ is missing") }
  if !isPlain(name) { problems.append("\(name): only a-z, 0-9 and _") }
  if name.hasSuffix("_total") != (entry.content.kind == "counter") {
    problems.append("\(name): _total is for counters, and for all of them")
  }
  let notBaseUnits = [
    "ms", "milliseconds", "microseconds", "us", "minutes", "hours", "kb", "mb", "kilobytes", "percent",
  ]
  let words = name.split(separator: "_").map(String.init)
  for word in words where notBaseUnits.contains(word) {
    problems.append("\(name): \(word) is no base unit (seconds, bytes, ratio)")
  }
  for label in entry.content.labels where !isPlain(label) || label == "le" || label.isEmpty {
    problems.append("\(name): label \(label)")
  }
  if entry.help.isEmpty { problems.append("\(name): no help") }
  return problems
}
