internal import Glibc
internal import Observability

/// The end of a process: in order, or cut off where that takes too long.
struct OrderlyEnd: Sendable {
  private let deadline: Task<Void, any Error>

  /// Ends the process with `status` after `time`; `say` is heard before.
  static func soon(
    _ time: Duration, status: Int32, _ sink: DescriptorSink, say: @escaping @Sendable () -> Void = {}
  ) -> OrderlyEnd {
    OrderlyEnd(
      deadline: Task.detached {
        try await Task.sleep(for: time)
        say()
        sink.close()
        _exit(status)
      })
  }

  /// It has ended by itself.
  func cancel() { deadline.cancel() }

  /// Runs `stop`; after `grace` (`SHUTDOWN_GRACE`) the process ends with 1. `left`: what becomes then of the rest.
  static func run(
    within grace: Duration, _ sink: DescriptorSink, _ logger: Logger, left: String, _ stop: () async -> Void
  ) async {
    logger.info("stopping")
    let end = soon(grace, status: 1, sink) {
      logger.error("the stop took longer than SHUTDOWN_GRACE", ["left": left])
    }
    await stop()
    end.cancel()
    logger.info("stopped")
  }
}
