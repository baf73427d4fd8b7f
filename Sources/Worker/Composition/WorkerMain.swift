internal import Observability

/// `millrace serve`: one worker from its start to its orderly end.
package enum WorkerMain {
  /// Runs until SIGTERM or SIGINT. Answers the exit status: 0 after an orderly stop, 1 if the worker could not start.
  package static func serve(configuration: Configuration) async -> Int32 {
    let sink = DescriptorSink(format: configuration.log.format)
    defer { sink.close() }
    let logger = Logger(level: configuration.log.level, sink: sink)
    if !configuration.namesWithoutEffect.isEmpty {
      logger.info("settings without effect", ["names": configuration.namesWithoutEffect.joined(separator: " ")])
    }
    do {
      let worker = try await WorkerService.start(configuration, logger: logger)
      await worker.stopSignal.wait()
      logger.info("stopping")
      await worker.stop()
      logger.info("stopped")
      return 0
    } catch {
      logger.error("the worker could not start", ["error": "\(error)"])
      return 1
    }
  }
}
