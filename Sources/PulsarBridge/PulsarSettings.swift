/// Which subscription the bridge reads, and how much of it at a time.
package struct PulsarSettings: Sendable {
  package enum Position: Sendable { case earliest, latest }

  /// `pulsar://host:port`, or `pulsar+ssl://` for TLS.
  package var serviceURL = "pulsar://localhost:6650"
  package var topic = "persistent://streamhub/stream/frames"
  package var subscription = "stream-processor"
  /// Of this process alone: brokers tell consumers of one subscription apart by it.
  package var consumerName = "stream-processor-consumer"
  /// Where a subscription begins that is not there yet.
  package var initialPosition = Position.earliest
  /// Nil: no authentication.
  package var token: String?
  /// Path of a PEM file; nil: the system's authorities.
  package var authorities: String?
  /// Whoever answers is believed.
  package var allowsInsecureTLS = false
  /// Messages that are here and not acknowledged, those that wait in the library among them; ≥ 1.
  package var maxUnacknowledged = 1_000
  /// A batch is received when it has so many messages or nothing more came for so long.
  package var batchMessages = 100
  package var batchTimeout = Duration.milliseconds(100)
  /// For subscribing and closing.
  package var operationTimeout = Duration.seconds(5)

  package init() {}

  static let batchBytes = 10 << 20

  /// At most the whole of what may be unacknowledged.
  var batch: Int { max(1, min(batchMessages, maxUnacknowledged)) }

  /// Messages that the library fetches ahead: what the batch in hand leaves.
  var prefetched: Int { max(1, maxUnacknowledged - batch) }
}
