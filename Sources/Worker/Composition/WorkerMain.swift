internal import Observability

/// `millrace serve`: one worker from its start to its orderly end.
package enum WorkerMain {
  /// Runs until SIGTERM or SIGINT. Answers the exit status: 0 after an orderly stop, 1 if the worker could not
  /// start or go on, 2 if that is for a setting. A stop that takes longer than SHUTDOWN_GRACE ends the process with 1.
  package static func serve(configuration: Configuration) async -> Int32 {
    let sink = DescriptorSink(format: configuration.log.format)
    defer { sink.close() }
    let logger = Logger(level: configuration.log.level, sink: sink)
    if !configuration.namesWithoutEffect.isEmpty {
      logger.info("settings without effect", ["names": configuration.namesWithoutEffect.joined(separator: " ")])
    }
    if !configuration.settingsNotYetRead.isEmpty {
      logger.warning(
        "settings without effect: this build does not have their features yet",
        ["names": configuration.settingsNotYetRead.joined(separator: ", ")])
    }
    do {
      let worker = try await WorkerService.start(configuration, logger: logger)
      let failure = await worker.stopSignal.wait()
      if let failure { logger.error("the worker cannot go on", ["error": "\(failure)"]) }
      await OrderlyEnd.run(
        within: configuration.server.shutdownGrace, sink, logger, left: "it is ended now"
      ) { await worker.stop() }
      return failure.map(status) ?? 0
    } catch {
      logger.error("the worker could not start", ["error": "\(error)"])
      return status(error)
    }
  }

  /// Where the configuration is wrong another try would not help.
  private static func status(_ failure: any Error) -> Int32 { failure is ConfigurationProblem ? 2 : 1 }
}
