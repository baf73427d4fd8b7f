internal import Glibc

/// Lines between the threads that log and the one that writes: bounded, never blocking the former.
///
///     append → [ waiting bytes ] → take → (being written) → wrote
// Safe: `state` is read and changed between lock and unlock of `mutex` only.
final class LineQueue: @unchecked Sendable {
  struct Batch {
    let bytes: [UInt8]
    let lines: UInt64
    let newlyDropped: UInt64
  }

  private struct State {
    var bytes: [UInt8] = []
    var lines: UInt64 = 0
    var dropped: UInt64 = 0
    var unsaid: UInt64 = 0
    var isWriting = false
    var isClosed = false
    var hasEnded = false
  }

  private var state = State()
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let changed = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private let capacity: Int

  init(capacity: Int) {
    self.capacity = capacity
    pthread_mutex_init(mutex, nil)
    var attributes = pthread_condattr_t()
    pthread_condattr_init(&attributes)
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
    pthread_cond_init(changed, &attributes)
    pthread_condattr_destroy(&attributes)
  }

  deinit {
    pthread_cond_destroy(changed)
    pthread_mutex_destroy(mutex)
    changed.deallocate()
    mutex.deallocate()
  }

  private func locked<Result>(_ body: (inout State) -> Result) -> Result {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return body(&state)
  }

  /// Adds a line, or counts it as dropped when there is no room.
  func append(_ line: String) {
    locked { state in
      guard !state.isClosed, state.bytes.count + line.utf8.count <= capacity else {
        state.dropped += 1
        state.unsaid += 1
        return
      }
      state.bytes.append(contentsOf: line.utf8)
      state.lines += 1
      pthread_cond_broadcast(changed)
    }
  }

  /// The writer's: waits for lines and takes them all; nil when the queue is closed and empty.
  func take() -> Batch? {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    // Looked at anew after each wait: within one `inout` access the optimiser may take it for unchanged.
    while state.bytes.isEmpty, !state.isClosed { pthread_cond_wait(changed, mutex) }
    guard !state.bytes.isEmpty else {
      state.hasEnded = true
      pthread_cond_broadcast(changed)
      return nil
    }
    let batch = Batch(bytes: state.bytes, lines: state.lines, newlyDropped: state.unsaid)
    state.bytes = []
    state.lines = 0
    state.unsaid = 0
    state.isWriting = true
    return batch
  }

  /// The writer's: the batch is done, `lost` of its lines in vain.
  func wrote(lost: UInt64) {
    locked { state in
      state.dropped += lost
      state.unsaid += lost
      state.isWriting = false
      pthread_cond_broadcast(changed)
    }
  }

  func close() {
    locked { state in
      state.isClosed = true
      pthread_cond_broadcast(changed)
    }
  }

  var droppedLines: UInt64 { locked { $0.dropped } }

  func waitUntilWritten(within limit: Duration) -> Bool { wait(limit) { $0.bytes.isEmpty && !$0.isWriting } }

  func waitUntilEnded(within limit: Duration) -> Bool { wait(limit) { $0.hasEnded } }

  private func wait(_ limit: Duration, for condition: (State) -> Bool) -> Bool {
    var deadline = timespec()
    clock_gettime(CLOCK_MONOTONIC, &deadline)
    let parts = max(limit, .zero).components
    let nanoseconds = deadline.tv_nsec + Int(parts.attoseconds / 1_000_000_000)
    deadline.tv_sec += Int(parts.seconds) + nanoseconds / 1_000_000_000
    deadline.tv_nsec = nanoseconds % 1_000_000_000
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while !condition(state) {
      if pthread_cond_timedwait(changed, mutex, &deadline) == ETIMEDOUT { return condition(state) }
    }
    return true
  }
}
