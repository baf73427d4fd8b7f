internal import CPulsar
internal import FrameRecorder
internal import Glibc
internal import Observability

/// A client with one consumer. Its methods block, so it has a thread of its own.
final class PulsarSession {
  private let library: PulsarLibrary
  private let settings: PulsarSettings
  private let logger: Logger
  private let client: OpaquePointer
  private let consumer: OpaquePointer
  private var isClosed = false

  /// Connects and subscribes, within the operation timeout. Throws `failed`.
  init(_ settings: PulsarSettings, _ library: PulsarLibrary, logger: Logger) throws(PulsarError) {
    let functions = library.functions
    let configuration = Self.clientConfiguration(settings, functions, logger)
    defer { functions.client_configuration_free(configuration) }
    guard let client = functions.client_create(settings.serviceURL, configuration) else {
      throw PulsarError(.failed, "Pulsar's client takes no \(settings.serviceURL)")
    }
    let consumption = Self.consumerConfiguration(settings, functions)
    defer { functions.consumer_configuration_free(consumption) }
    var made: OpaquePointer?
    let result = functions.client_subscribe(client, settings.topic, settings.subscription, consumption, &made)
    guard result == Int32(CPULSAR_OK), let made else {
      _ = functions.client_close(client)
      functions.client_free(client)
      throw PulsarError(
        .failed,
        "no subscription \(settings.subscription) of \(settings.topic) at \(settings.serviceURL): "
          + library.text(ofResult: result))
    }
    (self.library, self.settings, self.logger, self.client, consumer) = (library, settings, logger, client, made)
  }

  private static func clientConfiguration(
    _ settings: PulsarSettings, _ functions: cpulsar, _ logger: Logger
  ) -> OpaquePointer {
    let configuration = functions.client_configuration_create()
    PulsarLog.install(logger, functions, configuration)
    let seconds = max(1, settings.operationTimeout.components.seconds)
    functions.client_configuration_set_operation_timeout_seconds(configuration, Int32(clamping: seconds))
    let authorities = settings.authorities ?? systemAuthorities
    if access(authorities, R_OK) == 0 || settings.authorities != nil {
      functions.client_configuration_set_tls_trust_certs_file_path(configuration, authorities)
    }
    functions.client_configuration_set_tls_allow_insecure_connection(configuration, settings.allowsInsecureTLS ? 1 : 0)
    functions.client_configuration_set_validate_hostname(configuration, settings.allowsInsecureTLS ? 0 : 1)
    if let token = settings.token {
      let authentication = functions.authentication_token_create(token)
      functions.client_configuration_set_auth(configuration, authentication)
      functions.authentication_free(authentication)
    }
    return configuration
  }

  /// The library's own OpenSSL does not know where Debian keeps them.
  private static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

  private static func consumerConfiguration(_ settings: PulsarSettings, _ functions: cpulsar) -> OpaquePointer {
    let configuration = functions.consumer_configuration_create()
    functions.consumer_configuration_set_consumer_type(configuration, Int32(CPULSAR_KEY_SHARED))
    let position = settings.initialPosition == .earliest ? CPULSAR_EARLIEST : CPULSAR_LATEST
    functions.consumer_set_subscription_initial_position(configuration, Int32(position))
    functions.consumer_set_consumer_name(configuration, settings.consumerName)
    let prefetched = Int32(clamping: settings.prefetched)
    functions.consumer_configuration_set_receiver_queue_size(configuration, prefetched)
    functions.consumer_set_max_total_receiver_queue_size_across_partitions(configuration, prefetched)
    var policy = cpulsar_batch_policy(
      messages: Int32(clamping: settings.batch), bytes: PulsarSettings.batchBytes,
      milliseconds: max(1, Int(settings.batchTimeout / .milliseconds(1))))
    _ = functions.consumer_configuration_set_batch_receive_policy(configuration, &policy)
    return configuration
  }

  /// Waits for a batch, at most the batch's timeout.
  func receive() throws(PulsarError) -> [BridgeMessage] {
    guard !isClosed else { throw PulsarError(.closed, "the consumer has been closed") }
    var batch: OpaquePointer?
    let result = library.functions.consumer_batch_receive(consumer, &batch)
    guard result == Int32(CPULSAR_OK), let batch else {
      if result == Int32(CPULSAR_TIMEOUT) { return [] }
      let code: PulsarError.Code = result == Int32(CPULSAR_ALREADY_CLOSED) ? .closed : .failed
      throw PulsarError(code, "no messages of \(settings.topic): \(library.text(ofResult: result))")
    }
    defer { library.functions.messages_free(batch) }
    return (0..<library.functions.messages_size(batch)).map { message(library.functions.messages_get(batch, $0)) }
  }

  private func message(_ message: OpaquePointer) -> BridgeMessage {
    let functions = library.functions
    let size = Int(functions.message_get_length(message))
    let bytes = UnsafeRawBufferPointer(
      start: functions.message_get_data(message), count: min(size, FrameEvent.mostBytes))
    let receipt = PulsarReceipt(functions.message_get_message_id(message), library)
    return BridgeMessage(
      topic: functions.message_get_topic_name(message).map { String(cString: $0) } ?? settings.topic,
      id: id(receipt.id), payload: Array(bytes), size: size,
      published: FrameTime(milliseconds: Int64(clamping: functions.message_get_publish_timestamp(message))),
      hasKey: functions.message_has_partition_key(message) != 0 || functions.message_has_ordering_key(message) != 0,
      receipt: receipt)
  }

  /// Ledger, entry, partition and place in the batch: `7:540:-1:-1`; the library writes `(7,540,-1,-1)`.
  private func id(_ id: OpaquePointer) -> String {
    guard let text = library.functions.message_id_str(id) else { return "" }
    defer { free(text) }
    return String(String(cString: text).filter { $0 != "(" && $0 != ")" }.map { $0 == "," ? ":" : $0 })
  }

  /// Hands them to the library, which tells the broker within its 100 ms.
  func acknowledge(_ receipts: [PulsarReceipt]) {
    for receipt in receipts {
      let result = library.functions.consumer_acknowledge_id(consumer, receipt.id)
      guard result != Int32(CPULSAR_OK) else { continue }
      return logger.warning(
        "messages could not be acknowledged: they will come again", ["error": library.text(ofResult: result)])
    }
  }

  /// Acknowledgements go out first.
  func close() {
    guard !isClosed else { return }
    isClosed = true
    for result in [library.functions.consumer_close(consumer), library.functions.client_close(client)]
    where result != Int32(CPULSAR_OK) {
      logger.info("Pulsar's consumer did not close in order", ["error": library.text(ofResult: result)])
    }
    library.functions.consumer_free(consumer)
    library.functions.client_free(client)
  }
}
