internal import Observability
internal import PulsarBridge

/// `millrace pulsar-bridge`: frames of a Pulsar subscription into the recorder's streams.
package enum BridgeMain {
  /// Runs until SIGTERM or SIGINT. Answers the exit status: 0 after an orderly stop, 1 if Redis or Pulsar could not be
  /// reached, or no more messages will come, 2 if the library is absent or the configuration wrong. A stop that takes
  /// longer than SHUTDOWN_GRACE ends the process with 1: what it had in hand is delivered again.
  package static func run(configuration: Configuration) async -> Int32 {
    let sink = DescriptorSink(format: configuration.log.format)
    defer { sink.close() }
    let logger = Logger(level: configuration.log.level, sink: sink)
    do {
      let settings = try configuration.pulsar()
      let library = try PulsarLibrary(path: configuration.frames.pulsar.library ?? "libpulsar.so")
      let service = try BridgeService(configuration, settings, library, logger: logger)
      let failure = await service.runUntilAsked()
      if let failure { logger.error("the bridge cannot go on", ["error": "\(failure)"]) }
      await OrderlyEnd.run(
        within: configuration.server.shutdownGrace, sink, logger, left: "what is in hand will be delivered again"
      ) { await service.stop() }
      return failure.map { exitStatus($0) } ?? 0
    } catch {
      logger.error("the bridge could not start", ["error": "\(error)"])
      return exitStatus(error)
    }
  }

  private static func exitStatus(_ error: any Error) -> Int32 {
    switch error {
    case is ConfigurationProblem: 2
    case let error as PulsarError where error.code == .library: 2
    default: 1
    }
  }
}
