package import EventLoop
internal import Glibc
internal import Synchronization

/// Starts child processes, all from the thread of one loop: a child gets SIGKILL when the thread that forked it ends,
/// so `control` must be the loop that lives as long as the process.
///
/// ```
///   any thread ──spawn──▶ control loop: fork, exec ──▶ home loop: completion, lines, exit
/// ```
package final class ChildSpawner: Sendable {
  private typealias Terminator = @Sendable (Duration) -> Void
  private typealias Waiter = CheckedContinuation<Void, Never>

  private let control: EventLoop
  private let registry = Mutex(SpawnRegistry<Terminator, Waiter>())

  package init(control: EventLoop) {
    self.control = control
    _ = Self.keepExitStatuses
  }

  /// A launcher may have left SIGCHLD ignored; then the kernel reaps, and the statuses are lost.
  private static let keepExitStatuses: Void = { _ = signal(SIGCHLD, SIG_DFL) }()

  /// How many children have been started and not been reaped.
  package var processesRunning: Int { registry.withLock { $0.processesRunning } }

  /// Starts a child that belongs to the loop `home`, where `completion` runs once. From any thread. Both loops must
  /// live until the completion has run, and `home` until the child has ended (`drain`).
  package func spawn(
    _ request: ChildRequest, home: EventLoop,
    _ completion: @escaping @Sendable (Result<ChildProcess, SpawnError>) -> Void
  ) {
    guard registry.withLock({ $0.spawnRequested() }) else {
      let error = SpawnError(.shuttingDown, request.executable, "this process is shutting down")
      return home.execute { completion(.failure(error)) }
    }
    control.execute {
      let result = Result { () throws(SpawnError) in try request.launch() }
      home.execute {
        switch result {
        case .success(let launched): self.adopt(launched, request, home: home, completion)
        case .failure(let error):
          completion(.failure(error))
          self.resume(self.registry.withLock { $0.spawnFailed() })
        }
      }
    }
  }

  /// On the home loop.
  private func adopt(
    _ launched: Launched, _ request: ChildRequest, home: EventLoop,
    _ completion: (Result<ChildProcess, SpawnError>) -> Void
  ) {
    let id = registry.withLock { $0.makeID() }
    let child = ChildProcess(launched, home: home, tailLimit: request.tailLimit) {
      self.resume(self.registry.withLock { $0.ended(id) })
    }
    let reference = LoopBound(WeakChild(child), loop: home)
    let action = registry.withLock { registry in
      registry.started(id) { grace in home.execute { reference.value.child?.terminate(grace: grace) } }
    }
    child.supervise()
    completion(.success(child))
    switch action {
    case .terminate(let grace): child.terminate(grace: grace)
    case .doNothing: break
    }
  }

  /// Terminates all children, also those being started, refuses new ones, and returns when the last has been reaped.
  /// SIGKILL follows after `grace`, so that it always ends. To be called before the loops are stopped.
  package func drain(grace: Duration = .seconds(5)) async {
    await withCheckedContinuation { waiter in
      switch registry.withLock({ $0.drain(grace: grace, waiter) }) {
      case .resume(let waiter): waiter.resume()
      case .terminate(let terminators): for terminate in terminators { terminate(grace) }
      }
    }
  }

  private func resume(_ waiters: [Waiter]) { for waiter in waiters { waiter.resume() } }
}

/// Does not keep the child, so that it may be released on any thread.
private final class WeakChild {
  weak var child: ChildProcess?
  init(_ child: ChildProcess) { self.child = child }
}
