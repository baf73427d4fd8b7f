internal import CPulsar
internal import Observability

/// What the library says, in this program's log. It has one logger a process, the first one.
final class PulsarLog: Sendable {
  private let logger: Logger

  private init(_ logger: Logger) { self.logger = logger }

  /// The library keeps it for the rest of the process's life.
  static func install(_ logger: Logger, _ functions: cpulsar, _ configuration: OpaquePointer) {
    let log = Unmanaged.passRetained(PulsarLog(logger)).toOpaque()
    functions.client_configuration_set_logger(
      configuration,
      { level, _, _, message, context in
        guard let context else { return }
        let log = Unmanaged<PulsarLog>.fromOpaque(context).takeUnretainedValue()
        log.write(level, String(cString: message))
      }, log)
  }

  private func write(_ level: Int32, _ text: String) {
    let level: LogLevel = level >= Int32(CPULSAR_WARN) ? .warning : level == Int32(CPULSAR_INFO) ? .debug : .trace
    logger.log(level, "libpulsar", ["text": text])
  }
}
