internal import Foundation

/// A body that is read in the background, on a thread of its own, until it ends or is stopped.
// Safe: `state` is used under `condition`.
package final class LiveCapture: @unchecked Sendable {
  private let condition = NSCondition()
  private var state: State
  private let client: RawHTTPClient
  private let begun: ContinuousClock.Instant
  /// The head of the response.
  package let head: HTTPHead

  /// How the reading ended.
  package enum End: Sendable, Equatable {
    /// By `stop` or `abort`.
    case stopped
    /// The body is whole: a last chunk, its length, or the close of a body without either.
    case complete
    /// The connection ended before the body did.
    case cut(String)
  }

  private struct State {
    var bytes: [UInt8] = []
    var count = 0
    var bytesPerSecond: Int?
    var isPaused = false
    var isStopping = false
    var resets = false
    var end: End?
    var firstByte: Duration?
    var lastByte: ContinuousClock.Instant?
    var longestGap: Duration = .zero
    /// When so many bytes had come; only where they are kept.
    var arrivals: [(at: ContinuousClock.Instant, count: Int)] = []
    /// When the pace was set, and how many bytes had come by then.
    var paceBegan: (at: ContinuousClock.Instant, count: Int) = (.now, 0)
  }

  init(
    _ client: RawHTTPClient, head: HTTPHead, begun: ContinuousClock.Instant, bytesPerSecond: Int?, keepsBytes: Bool
  ) {
    self.client = client
    self.head = head
    self.begun = begun
    state = State(bytesPerSecond: bytesPerSecond)
    startThread { [self] in read(keepsBytes: keepsBytes) }
  }

  private func read(keepsBytes: Bool) {
    var end = End.stopped
    do {
      while let allowance = allowance() {
        guard allowance > 0 else { continue }
        guard let piece = try client.bodyPiece(allowance, Deadline(after: .milliseconds(50))) else { continue }
        guard !piece.isEmpty else {
          end = .complete
          break
        }
        take(piece, keepsBytes: keepsBytes)
      }
    } catch {
      end = .cut("\(error)")
    }
    condition.lock()
    let resets = state.resets
    condition.unlock()
    if resets { client.abort() } else { client.close() }
    condition.lock()
    state.end = end
    condition.broadcast()
    condition.unlock()
  }

  /// How many bytes may be read now; nil: stop. Waits a little when it is none.
  private func allowance() -> Int? {
    condition.lock()
    defer { condition.unlock() }
    guard !state.isStopping else { return nil }
    guard !state.isPaused else {
      _ = condition.wait(until: Date().addingTimeInterval(0.05))
      return 0
    }
    guard let rate = state.bytesPerSecond else { return 65536 }
    let due = Double(rate) * state.paceBegan.at.duration(to: .now).inSeconds
    let allowed = Int(due) - (state.count - state.paceBegan.count)
    guard allowed > 0 else {
      _ = condition.wait(until: Date().addingTimeInterval(0.01))
      return 0
    }
    return min(allowed, 65536)
  }

  private func take(_ piece: [UInt8], keepsBytes: Bool) {
    let now = ContinuousClock.now
    condition.lock()
    defer { condition.unlock() }
    if state.firstByte == nil { state.firstByte = begun.duration(to: now) }
    if let last = state.lastByte { state.longestGap = max(state.longestGap, last.duration(to: now)) }
    state.lastByte = now
    state.count += piece.count
    if keepsBytes {
      state.bytes += piece
      state.arrivals.append((now, state.count))
    }
    condition.broadcast()
  }

  private func locked<Value>(_ work: (inout State) -> Value) -> Value {
    condition.lock()
    defer {
      condition.broadcast()
      condition.unlock()
    }
    return work(&state)
  }

  /// Stops reading; the connection stays open and its buffers fill.
  package func pause() { locked { $0.isPaused = true } }

  package func resume() {
    locked {
      $0.isPaused = false
      $0.paceBegan = (.now, $0.count)
    }
  }

  /// Reads no faster than this; nil: as fast as it comes.
  package func limit(bytesPerSecond: Int?) {
    locked {
      $0.bytesPerSecond = bytesPerSecond
      $0.paceBegan = (.now, $0.count)
    }
  }

  /// Body bytes so far.
  package var count: Int { locked { $0.count } }
  /// The body so far; empty if the capture does not keep it.
  package var bytes: [UInt8] { locked { $0.bytes } }
  /// When the byte at this offset of the body came; nil if it has not, or if the capture does not keep the body.
  package func arrival(ofByte offset: Int) -> ContinuousClock.Instant? {
    locked { state in
      var (low, high) = (0, state.arrivals.count)
      while low < high {
        let middle = (low + high) / 2
        if state.arrivals[middle].count > offset { high = middle } else { low = middle + 1 }
      }
      return low < state.arrivals.count ? state.arrivals[low].at : nil
    }
  }

  /// From before the connect to the first byte of the body.
  package var timeToFirstByte: Duration? { locked { $0.firstByte } }
  /// The longest time between two pieces so far, and, while it reads, since the last one.
  package var longestGap: Duration {
    locked { state in
      guard state.end == nil, let last = state.lastByte else { return state.longestGap }
      return max(state.longestGap, last.duration(to: .now))
    }
  }
  /// Nil while it reads.
  package var end: End? { locked { $0.end } }

  /// Begins a new measurement of `longestGap`.
  package func forgetGaps() {
    locked {
      $0.longestGap = .zero
      $0.lastByte = .now
    }
  }

  /// Waits until `count` bytes of the body are there. Throws `WaitTimeout` with what came instead.
  package func waitFor(bytes count: Int, within limit: Duration = .seconds(20)) async throws {
    let isThere = try await onOwnThread { [self] in
      wait(limit) { $0.count >= count || $0.end != nil } && self.count >= count
    }
    guard isThere else {
      let end = end.map { "\($0)" } ?? "open"
      throw WaitTimeout(description: "waited \(limit) for \(count) bytes, got \(self.count), \(end)")
    }
  }

  /// Waits until so many *more* bytes have come than now.
  package func waitFor(moreBytes count: Int, within limit: Duration = .seconds(20)) async throws {
    try await waitFor(bytes: self.count + count, within: limit)
  }

  /// Waits for the end that the peer brings. Throws `WaitTimeout`.
  package func waitForEnd(within limit: Duration = .seconds(20)) async throws -> End {
    let isThere = try await onOwnThread { [self] in wait(limit) { $0.end != nil } }
    guard isThere, let end else { throw WaitTimeout(description: "waited \(limit) for the end of the body") }
    return end
  }

  /// Goes on reading for so long, or until the end.
  package func read(for time: Duration) async throws {
    _ = try await onOwnThread { [self] in wait(time) { $0.end != nil } }
  }

  private func wait(_ limit: Duration, _ isDone: (State) -> Bool) -> Bool {
    let date = Date().addingTimeInterval(limit.inSeconds)
    condition.lock()
    defer { condition.unlock() }
    while !isDone(state), condition.wait(until: date) {}
    return isDone(state)
  }

  /// Closes the connection and gives what has come.
  @discardableResult
  package func stop() async throws -> [UInt8] { try await stop(withReset: false) }

  /// Closes the connection with a reset.
  @discardableResult
  package func abort() async throws -> [UInt8] { try await stop(withReset: true) }

  private func stop(withReset: Bool) async throws -> [UInt8] {
    locked {
      $0.isStopping = true
      $0.resets = withReset
    }
    _ = try await onOwnThread { [self] in wait(.seconds(10)) { $0.end != nil } }
    return bytes
  }
}
