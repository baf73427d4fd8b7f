/// Which children there are, and who waits for their end. Decides; `ChildSpawner` acts, outside its lock.
///
/// `Waiter` is what is told of the end of a drain, `Terminator` what a child is ended with.
struct SpawnRegistry<Terminator, Waiter> {
  /// The grace of the last drain; nil while new children are welcome.
  private var drainGrace: Duration?
  /// Asked for, and neither started nor failed yet.
  private var starting = 0
  private var running: [UInt64: Terminator] = [:]
  private var lastID: UInt64 = 0
  private var waiters: [Waiter] = []

  var processesRunning: Int { running.count }

  /// False: no new children.
  mutating func spawnRequested() -> Bool {
    guard drainGrace == nil else { return false }
    starting += 1
    return true
  }

  mutating func makeID() -> UInt64 {
    lastID += 1
    return lastID
  }

  enum StartedAction: Equatable {
    case doNothing
    /// A drain has begun meanwhile.
    case terminate(grace: Duration)
  }

  mutating func started(_ id: UInt64, _ terminator: Terminator) -> StartedAction {
    starting -= 1
    running[id] = terminator
    return drainGrace.map { .terminate(grace: $0) } ?? .doNothing
  }

  /// Those that wait for the end of the last child, if this was it.
  mutating func spawnFailed() -> [Waiter] {
    starting -= 1
    return waitersIfEmpty()
  }

  mutating func ended(_ id: UInt64) -> [Waiter] {
    running[id] = nil
    return waitersIfEmpty()
  }

  enum DrainAction {
    case resume(Waiter)
    case terminate([Terminator])
  }

  mutating func drain(grace: Duration, _ waiter: Waiter) -> DrainAction {
    drainGrace = grace
    guard starting > 0 || !running.isEmpty else { return .resume(waiter) }
    waiters.append(waiter)
    return .terminate(Array(running.values))
  }

  private mutating func waitersIfEmpty() -> [Waiter] {
    guard starting == 0, running.isEmpty else { return [] }
    defer { waiters = [] }
    return waiters
  }
}
