package import ChildProcess
package import EventLoop

/// The encoder processes of a worker: each request goes to one of them, the oldest first, and exactly one outcome comes
/// back. A process is replaced after a crash, after a timeout (SIGKILL) and after its number of requests.
package final class EncoderPool: Sendable {
  private let loop: EventLoop
  private let core: LoopBound<EncoderPoolCore>

  /// `loop` must live until `stop` has returned, and the pool must be stopped before it is let go.
  package init(_ settings: EncoderPoolSettings, spawner: ChildSpawner, loop: EventLoop) {
    self.loop = loop
    core = LoopBound(EncoderPoolCore(settings, spawner: spawner, loop: loop), loop: loop)
  }

  /// From any thread; `completion` runs on the loop, once. `fresh`: by a process that has done nothing before.
  package func submit(
    _ request: EncoderRequest, fresh: Bool = false, _ completion: @escaping @Sendable (EncoderOutcome) -> Void
  ) {
    loop.execute { [core] in core.value.submit(request, fresh: fresh, completion) }
  }

  /// As `submit`. Cancellation does not end it: the request's timeout does.
  package func run(_ request: EncoderRequest, fresh: Bool = false) async -> EncoderOutcome {
    await withCheckedContinuation { done in submit(request, fresh: fresh) { done.resume(returning: $0) } }
  }

  package func status() async -> EncoderPoolStatus {
    await withCheckedContinuation { done in loop.execute { [core] in done.resume(returning: core.value.status) } }
  }

  /// Kills what runs, refuses what waits and what comes, and returns when the last process has been reaped.
  package func stop() async {
    await withCheckedContinuation { done in loop.execute { [core] in core.value.stop { done.resume() } } }
  }
}
