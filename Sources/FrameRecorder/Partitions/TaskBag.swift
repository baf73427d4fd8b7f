internal import Synchronization

/// Tasks that are to be over when their owner is.
final class TaskBag: Sendable {
  private struct State {
    var tasks: [UInt64: Task<Void, Never>] = [:]
    var next: UInt64 = 0
    var isOver = false
  }

  private let state = Mutex(State())

  func add(_ work: @escaping @Sendable () async -> Void) {
    state.withLock { state in
      guard !state.isOver else { return }
      let number = state.next
      state.next += 1
      state.tasks[number] = Task {
        await work()
        self.state.withLock { $0.tasks[number] = nil }
      }
    }
  }

  /// Waits for what runs now.
  nonisolated(nonsending) func wait() async {
    for task in state.withLock({ Array($0.tasks.values) }) { await task.value }
  }

  /// Cancels what runs and waits for it; nothing is taken on any more.
  nonisolated(nonsending) func end() async {
    let tasks = state.withLock { state in
      state.isOver = true
      return Array(state.tasks.values)
    }
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }
}
