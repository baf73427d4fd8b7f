package import EventLoop
package import Identifiers
internal import Synchronization

/// Why a log gets no more media.
package enum LogEnd: Sendable, Equatable {
  /// The film is over: readers get the rest and a clean end.
  case ended
  /// Deleted or stopped: readers get a clean end at once.
  case stopped
  /// Given up for good: readers get the rest, then their connection is aborted.
  case failed
}

/// The log of one stream in this process: one writer, any number of readers on any loop. The writer is the owner's, or a
/// follower of the owner's log; one may come after the other, and the readers stay.
///
/// ```
///   LogWriter (home loop) ──open, publish, seal, committed──▶ [ lock: LogWindow ] ──wake──▶ FanOut of loop 0 ─▶ sockets
///   LogFollower ────────────────────take──────────────────▶                      └──wake──▶ FanOut of loop 1 ─▶ sockets
/// ```
package final class StreamLog: Sendable {
  private struct State {
    var window = LogWindow()
    var playlist: PlaylistRule
    var end: LogEnd?
    var fanOuts: [FanOut] = []
    var waiters = LogWaiters()

    var snapshot: LogSnapshot { LogSnapshot(window: window, playlist: playlist, end: end) }

    /// Another owner's log may have taken the place of what was in `former` and is listed.
    mutating func replaced(_ former: LogWindow, _ limits: WindowLimits) {
      if let newest = window.newestReceipt?.segment, playlist.lastListed.map({ $0 < newest }) ?? true { return }
      playlist.forked(former, grace: .seconds(limits.seconds))
    }
  }

  package let id: StreamID
  package let limits: WindowLimits
  let listSize: Int
  private let state: Mutex<State>

  package init(id: StreamID, limits: WindowLimits, listSize: Int) {
    self.id = id
    self.limits = limits
    self.listSize = listSize
    state = Mutex(State(playlist: PlaylistRule(listSize: listSize)))
  }

  /// What readers can reach now.
  package func snapshot() -> LogSnapshot {
    state.withLock { $0.snapshot }
  }

  // MARK: The writer's side

  func open(_ chunk: Chunk) { state.withLock { $0.window.open(chunk) } }

  /// Readers may have the open chunk's first `openBytes` bytes, and all that was sealed: wakes them.
  func announce(openBytes: Int) { change(wakesReaders: true) { $0.window.publish(openBytes) } }

  /// Ends the open chunk. Readers are woken by the next `announce`.
  func seal(_ sealed: SealedChunk) {
    change(wakesReaders: false) { state in
      state.window.seal(byteCount: sealed.byteCount, duration: sealed.duration, limits: limits)
    }
  }

  func committed(_ number: ChunkNumber, _ receipt: CommitReceipt, isProvisional: Bool = false) {
    change(wakesReaders: false) { state in
      state.window.committed(number, receipt, isProvisional: isProvisional)
      state.playlist.committed(state.window)
    }
  }

  /// Chunks that another worker wrote, in their order.
  package func take(_ chunks: [StoredChunk]) {
    guard !chunks.isEmpty else { return }
    change(wakesReaders: true) { state in
      for stored in chunks {
        let isAnothers = state.window.last.map { $0.chunk.header.epoch != stored.entry.epoch } ?? false
        let former = isAnothers ? state.window : nil
        state.window.append(stored, limits: limits)
        if let former { state.replaced(former, limits) }
        state.playlist.committed(state.window)
      }
    }
  }

  /// The stream has another owner: what this one wrote and the store did not take is no part of the log.
  package func dropUncommitted() { replace { $0.dropUncommitted() } }

  /// The stream has another owner, who knows nothing of this log and counts anew.
  package func startOver() { replace { $0 = LogWindow() } }

  private func replace(_ body: (inout LogWindow) -> Void) {
    change(wakesReaders: true) { state in
      let former = state.window
      body(&state.window)
      state.replaced(former, limits)
    }
  }

  /// The owner is to number its next segment above this, or the playlist here rests (`ChunkStore.raise`); nil: it need not.
  package var missingNumber: SegmentNumber? { state.withLock { $0.playlist.missingNumber($0.window) } }

  /// Ends the log. The first reason counts.
  package func end(_ reason: LogEnd) {
    change(wakesReaders: true) { state in
      guard state.end == nil else { return }
      state.end = reason
      state.playlist.ended(state.window)
    }
  }

  private func change(wakesReaders: Bool, _ body: (inout State) -> Void) {
    let (fanOuts, ready) = state.withLock { state in
      body(&state)
      guard !state.waiters.isEmpty else { return (state.fanOuts, [LogWaiters.Ready]()) }
      return (state.fanOuts, state.waiters.take(satisfiedBy: state.snapshot))
    }
    if wakesReaders { for fanOut in fanOuts { fanOut.wake() } }
    for waiter in ready { waiter.resume() }
  }

  // MARK: The readers' side

  /// The fan-out of this log on a loop: the present one, or a new one. In that loop. The log knows it while it has
  /// readers.
  package func fanOut(on loop: EventLoop, services: FanOutServices) -> FanOut {
    loop.assertInLoop()
    let present = state.withLock { state in state.fanOuts.first { $0.loop === loop } }
    return present ?? FanOut(log: self, loop: loop, services: services)
  }

  /// A fan-out has got its first reader.
  func add(_ fanOut: FanOut) { state.withLock { $0.fanOuts.append(fanOut) } }

  /// A fan-out has lost its last reader.
  func remove(_ fanOut: FanOut) { state.withLock { $0.fanOuts.removeAll { $0 === fanOut } } }

  /// Loops on which the log has readers; 0 when nothing is left behind.
  package var fanOutCount: Int { state.withLock { $0.fanOuts.count } }

  /// Waits until the log satisfies `condition`, at most `timeout`. Answers whether it did; false too if the task is
  /// cancelled. The condition looks at its argument only: it runs under the log's lock.
  package func wait(
    atMost timeout: Duration, until condition: @escaping @Sendable (LogSnapshot) -> Bool
  ) async -> Bool {
    if condition(snapshot()) { return true }
    let id = state.withLock { $0.waiters.begin() }
    let timer = Task {
      do { try await Task.sleep(for: timeout) } catch { return }
      giveUp(id)
    }
    defer { timer.cancel() }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let ready = state.withLock { state in
          if let late = state.waiters.add(id, condition, continuation) { return [late] }
          return state.waiters.take(satisfiedBy: state.snapshot)
        }
        for waiter in ready { waiter.resume() }
      }
    } onCancel: {
      giveUp(id)
    }
  }

  private func giveUp(_ id: LogWaiters.ID) {
    let waiter = state.withLock { $0.waiters.giveUp(id) }
    waiter?.resume()
  }

  /// Tasks that wait on this log; 0 when nothing is left behind.
  package var waiterCount: Int { state.withLock { $0.waiters.count } }
}

/// What a reader sees of a log at one moment. Holds the chunks of its window: for short use only.
package struct LogSnapshot: Sendable {
  package let window: LogWindow
  package let playlist: PlaylistRule
  package let end: LogEnd?

  /// Nothing of it changes any more: the log has ended, and all its chunks are committed.
  package var isFinal: Bool { end != nil && playlist.isFinal }

  /// Whether a joiner would get a first byte.
  package var hasMedia: Bool { window.joinPosition(secondsBehind: 0) != nil }
}
