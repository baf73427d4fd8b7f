internal import EventLoop
internal import FrameRecorder
internal import Observability
internal import Redis

/// The commands that keep recordings, from their start to their end.
package enum FrameCommandMain {
  /// After SIGTERM a command has so long to end what it is at.
  private static let grace = Duration.milliseconds(1_800)

  /// Prints one JSON object with `write` where the command is one that ends by itself. Answers the exit status.
  package static func run(
    _ configuration: Configuration, _ command: FrameCommand, write: @escaping @Sendable (String) -> Void
  ) async -> Int32 {
    let sink = DescriptorSink(format: configuration.log.format)
    defer { sink.close() }
    let logger = Logger(level: configuration.log.level, sink: sink)
    let loop = EventLoop(name: "frames")
    defer { loop.stop() }
    let stopSignal = StopSignal(loop: loop)
    let status: Int32
    do {
      let run = try FrameCommandRun(configuration, command, on: loop, logger)
      status = await end(of: run, stopSignal, sink, logger, write)
      await run.stop()
    } catch {
      logger.error("the command could not start", ["error": "\(error)"])
      status = 1
    }
    await stopSignal.cancel()
    return status
  }

  private enum First: Sendable {
    case done(FrameCommandRun.Result)
    case signal
    case unreachable
  }

  private static func end(
    of run: FrameCommandRun, _ stopSignal: StopSignal, _ sink: DescriptorSink, _ logger: Logger,
    _ write: (String) -> Void
  ) async -> Int32 {
    await withTaskGroup(of: First?.self) { group in
      group.addTask { .done(await run.work()) }
      group.addTask {
        _ = await stopSignal.wait()
        return .signal
      }
      group.addTask { await run.unreachable() ? .unreachable : nil }
      var status: Int32 = 0
      while let first = await group.next() {
        switch first {
        case .done(let result):
          if let json = result.json { write(json.text + "\n") }
          status = max(status, result.status)
          if !run.writeMetrics() { status = max(status, 1) }
          stopSignal.ask()
          group.cancelAll()
        case .signal:
          // Whatever is cut off is another one's to finish.
          _ = OrderlyEnd.soon(grace, status: 0, sink)
          group.cancelAll()
        case .unreachable:
          logger.error("Redis did not answer for 30 seconds: look at REDIS_URL, and whether it runs")
          status = 1
          group.cancelAll()
        case nil: break
        }
      }
      return status
    }
  }
}
