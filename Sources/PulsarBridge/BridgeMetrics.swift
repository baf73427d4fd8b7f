package import Observability

/// What the bridge counts.
package struct BridgeMetrics: Sendable {
  let added: Counter
  let known: Counter
  let dead: Counter
  let refused: Counter
  let unkeyed: Counter

  package init(_ registry: MetricsRegistry) {
    let messages = registry.counter(
      "millrace_frames_bridge_messages_total",
      help: "Messages by what became of them; refused: to be tried again; unkeyed: received without a key.",
      labels: ["result"])
    added = messages.with(["added"])
    known = messages.with(["known"])
    dead = messages.with(["dead"])
    refused = messages.with(["refused"])
    unkeyed = messages.with(["unkeyed"])
  }
}
