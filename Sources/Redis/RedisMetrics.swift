package import Observability

/// What the connections of a process count, each under its role.
package struct RedisMetrics: Sendable {
  private let connected: GaugeFamily
  private let connects: CounterFamily
  private let commands: CounterFamily
  private let errors: CounterFamily
  private let bytesIn: CounterFamily
  private let bytesOut: CounterFamily
  private let seconds: HistogramFamily

  package init(_ registry: MetricsRegistry) {
    connected = registry.gauge(
      "millrace_redis_connected", help: "Whether the connection to Redis stands.", labels: ["role"])
    connects = registry.counter(
      "millrace_redis_connects_total", help: "Connections to Redis that were made.", labels: ["role"])
    commands = registry.counter("millrace_redis_commands_total", help: "Commands sent to Redis.", labels: ["role"])
    errors = registry.counter(
      "millrace_redis_errors_total", help: "Error replies, by their code; and commands without a reply.",
      labels: ["role", "code"])
    bytesIn = registry.counter("millrace_redis_bytes_in_total", help: "Bytes from Redis.", labels: ["role"])
    bytesOut = registry.counter("millrace_redis_bytes_out_total", help: "Bytes to Redis.", labels: ["role"])
    seconds = registry.histogram(
      "millrace_redis_command_seconds", help: "From a request to its last reply.", labels: ["role"])
  }

  /// Those of one connection.
  func of(role: String) -> ConnectionMetrics {
    ConnectionMetrics(
      connected: connected.with([role]), connects: connects.with([role]), commands: commands.with([role]),
      bytesIn: bytesIn.with([role]), bytesOut: bytesOut.with([role]), seconds: seconds.with([role]),
      error: { [errors] in errors.with([role, $0]) })
  }
}

struct ConnectionMetrics: Sendable {
  let connected: Gauge
  let connects: Counter
  let commands: Counter
  let bytesIn: Counter
  let bytesOut: Counter
  let seconds: Histogram
  fileprivate let error: @Sendable (String) -> Counter

  fileprivate init(
    connected: Gauge, connects: Counter, commands: Counter, bytesIn: Counter, bytesOut: Counter, seconds: Histogram,
    error: @escaping @Sendable (String) -> Counter
  ) {
    self.connected = connected
    self.connects = connects
    self.commands = commands
    self.bytesIn = bytesIn
    self.bytesOut = bytesOut
    self.seconds = seconds
    self.error = error
  }

  /// Codes that a script or a server makes up are `other`: the label's values are bounded.
  private static let codes: Set<String> = [
    "ASK", "BUSY", "BUSYGROUP", "CLUSTERDOWN", "CROSSSLOT", "ERR", "EXECABORT", "LOADING", "MASTERDOWN", "MISCONF",
    "MOVED", "NOAUTH", "NOGROUP", "NOPERM", "NOREPLICAS", "NOSCRIPT", "OOM", "READONLY", "TRYAGAIN", "WRONGPASS",
    "WRONGTYPE",
  ]

  func count(_ error: RedisError) {
    switch error {
    case .unavailable: self.error("unavailable").add()
    case .timedOut: self.error("timed_out").add()
    case .protocolError: self.error("protocol").add()
    case .server(let error): self.error(Self.codes.contains(error.code) ? error.code : "other").add()
    }
  }
}
