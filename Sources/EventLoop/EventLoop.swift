internal import CLibevent
internal import CLinux
internal import Glibc
internal import Synchronization

/// One libevent base on a thread of its own, that is also a Swift serial executor and task executor.
///
/// An actor whose `unownedExecutor` is a loop runs on the loop's thread; so does what a
/// `Task(executorPreference: loop)` does between two actors. Timers and descriptor watches belong to the thread:
/// they are made, changed and cancelled there (`assertInLoop`), and their handlers run there.
///
/// ```
///   other threads ──execute/enqueue──▶ [inbox + eventfd] ──▶ loop thread: jobs, timers, descriptors
/// ```
///
/// A loop lives until `stop()`. Children may be forked from its thread (the parent-death signal of a child follows
/// the thread that forked it), so the worker's loops are stopped last.
// Safe: `base` and `inboxEvent` are set before the thread starts and used on it alone; the rest is locked or immutable.
package final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
  let base: OpaquePointer
  private var inboxEvent: OpaquePointer?
  private let wakeDescriptor: Int32
  private let inbox = Mutex(Inbox())
  private let thread = Mutex<pthread_t?>(nil)
  private let threadID = Atomic<UInt>(0)
  /// What `threadID` is after the end; no thread has this number.
  private static let endedThread = UInt.max
  package let name: String

  private enum Work {
    case job(UnownedJob)
    case closure(@Sendable () -> Void)
  }

  private struct Inbox: ~Copyable {
    var work: [Work] = []
    var isStopping = false
    /// Nothing is taken out any more.
    var hasEnded = false

    /// Whether the loop is to end: it was asked to, and what was posted before has run.
    mutating func endIfDone() -> Bool {
      hasEnded = isStopping && work.isEmpty
      return hasEnded
    }
  }

  /// Starts the thread. `name` shows in `ps -T` (15 characters of it) and in traces.
  package init(name: String) {
    _ = EventLoop.prepareLibrary
    guard let base = event_base_new() else { fatalError("libevent: no base") }
    self.base = base
    self.name = name
    wakeDescriptor = clinux_eventfd()
    guard wakeDescriptor >= 0 else { fatalError("eventfd: \(-wakeDescriptor)") }
    start()
  }

  private static let prepareLibrary: Void = {
    evthread_use_pthreads()
    signal(SIGPIPE, SIG_IGN)
  }()

  private func start() {
    let context = Unmanaged.passRetained(self).toOpaque()
    inboxEvent = event_new(
      base, wakeDescriptor, Int16(EV_READ | EV_PERSIST),
      { _, _, context in
        guard let context else { return }
        Unmanaged<EventLoop>.fromOpaque(context).takeUnretainedValue().drain()
      }, context)
    event_add(inboxEvent, nil)
    var handle = pthread_t()
    let code = pthread_create(
      &handle, nil,
      { context in
        guard let context else { return nil }
        let loop = Unmanaged<EventLoop>.fromOpaque(context).takeRetainedValue()
        clinux_name_thread(loop.name)
        loop.threadID.store(UInt(pthread_self()), ordering: .releasing)
        event_base_loop(loop.base, EVLOOP_NO_EXIT_ON_EMPTY)
        loop.close()
        return nil
      }, context)
    guard code == 0 else { fatalError("pthread_create: \(code)") }
    thread.withLock { $0 = handle }
  }

  /// Runs `work` on the loop's thread, in the order of the calls. From any thread. After `stop` it is dropped.
  package func execute(_ work: @escaping @Sendable () -> Void) { post(.closure(work)) }

  package func enqueue(_ job: consuming ExecutorJob) { post(.job(UnownedJob(job))) }

  package func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

  private func post(_ work: Work) {
    let wake = inbox.withLock { inbox in
      guard !inbox.hasEnded else { return false }
      inbox.work.append(work)
      return inbox.work.count == 1
    }
    guard wake else { return }
    var one: UInt64 = 1
    _ = write(wakeDescriptor, &one, 8)
  }

  private func drain() {
    var count: UInt64 = 0
    _ = read(wakeDescriptor, &count, 8)
    let work = inbox.withLock { inbox in
      let work = inbox.work
      inbox.work.removeAll(keepingCapacity: work.capacity <= 256)
      return work
    }
    for item in work {
      switch item {
      case .closure(let closure): closure()
      case .job(let job):
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
      }
    }
    if inbox.withLock({ $0.endIfDone() }) { event_base_loopbreak(base) }
  }

  /// Ends the loop once what was posted before has run, and waits for its thread. Not from the loop itself.
  package func stop() {
    precondition(!isCurrent, "a loop cannot wait for itself")
    inbox.withLock { $0.isStopping = true }
    execute {}
    let handle = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    if let handle { pthread_join(handle, nil) }
  }

  private func close() {
    if let inboxEvent { event_free(inboxEvent) }
    inboxEvent = nil
    event_base_free(base)
    threadID.store(Self.endedThread, ordering: .releasing)
  }

  /// Frees an event of this loop: on its thread, or anywhere after its end, when the base that knew it is gone and
  /// only its memory is left.
  func release(_ event: OpaquePointer, _ function: StaticString = #function) {
    if threadID.load(ordering: .acquiring) == Self.endedThread { return free(UnsafeMutableRawPointer(event)) }
    assertInLoop(function)
    event_free(event)
  }

  deinit { Glibc.close(wakeDescriptor) }

  /// Whether the caller is on this loop's thread.
  package var isCurrent: Bool { threadID.load(ordering: .acquiring) == UInt(pthread_self()) }

  /// Whether the loop's thread is gone: what belonged to it belongs to whoever is left.
  package var hasEnded: Bool { threadID.load(ordering: .acquiring) == Self.endedThread }

  /// Traps when called from another thread while the loop runs: a programming error, never something that input can
  /// cause.
  package func assertInLoop(_ function: StaticString = #function) {
    precondition(isCurrent || hasEnded, "\(function) belongs to the loop \(name)")
  }

  package func checkIsolated() { assertInLoop() }
}
