import EventLoop
import Identifiers
import Synchronization
import TestKit
import Testing

@testable import MediaLog

/// Waiting for a condition of a log.
@Suite(.timeLimit(.minutes(5))) struct WaitTests {
  private let log = StreamLog(id: Made.stream, limits: WindowLimits(seconds: 10, bytes: 1 << 20), listSize: 3)

  private func noWaiters() async throws {
    try await soon("no waiter to be left") { log.waiterCount == 0 }
  }

  @Test func whatIsTrueAlreadyWaitsForNothing() async throws {
    log.end(.ended)
    #expect(await log.wait(atMost: .seconds(240)) { $0.end == .ended })
    #expect(log.waiterCount == 0)
  }

  @Test func aWaiterIsResumedByTheChangeThatSatisfiesIt() async throws {
    async let media = log.wait(atMost: .seconds(240)) { $0.hasMedia }
    try await soon("the waiter") { log.waiterCount == 1 }
    log.open(Made.chunk(1))
    #expect(log.waiterCount == 1)
    log.announce(openBytes: 188)
    #expect(await media)
    #expect(log.waiterCount == 0)
  }

  @Test func aSealIsEnough() async throws {
    async let media = log.wait(atMost: .seconds(240)) { $0.hasMedia }
    try await soon("the waiter") { log.waiterCount == 1 }
    let sealed = Made.sealed(1)
    log.open(sealed.chunk)
    log.seal(sealed)
    #expect(await media)
  }

  @Test func aCommitIsEnough() async throws {
    let sealed = [Made.sealed(1, starts: true, target: 2), Made.sealed(2, starts: true, target: 2)]
    async let listed = log.wait(atMost: .seconds(240)) { $0.playlist.firstListed != nil }
    try await soon("the waiter") { log.waiterCount == 1 }
    var receipt: CommitReceipt?
    for sealed in sealed {
      log.open(sealed.chunk)
      log.seal(sealed)
      let next = CommitRule.receipt(after: receipt, for: sealed)
      log.committed(sealed.chunk.number, next)
      receipt = next
    }
    #expect(await listed)
  }

  @Test func timeRunsOut() async throws {
    let began = ContinuousClock.now
    #expect(await log.wait(atMost: .milliseconds(30)) { $0.hasMedia } == false)
    #expect(began.duration(to: .now) >= .milliseconds(30))
    #expect(log.waiterCount == 0)
  }

  @Test(arguments: [Duration.zero, .seconds(-1)]) func noTimeIsNoTime(_ limit: Duration) async throws {
    #expect(await log.wait(atMost: limit) { $0.hasMedia } == false)
    #expect(log.waiterCount == 0)
  }

  @Test func aTaskThatIsCancelledWhileItWaits() async throws {
    let task = Task { await log.wait(atMost: .seconds(240)) { $0.hasMedia } }
    try await soon("the waiter") { log.waiterCount == 1 }
    task.cancel()
    #expect(await task.value == false)
    #expect(log.waiterCount == 0)
  }

  @Test func aTaskThatIsCancelledBeforeItWaits() async throws {
    let gate = Shared(false)
    let task = Task {
      while !gate.value { await Task.yield() }
      return await log.wait(atMost: .seconds(240)) { $0.hasMedia }
    }
    task.cancel()
    gate.change { $0 = true }
    #expect(await task.value == false)
    #expect(log.waiterCount == 0)
  }

  @Test func manyWaitersEachForItsOwn() async throws {
    await withTaskGroup(of: (Int, Bool).self) { group in
      for index in 0..<300 {
        group.addTask { [log] in
          switch index % 3 {
          case 0: (index, await log.wait(atMost: .seconds(240)) { $0.end == .ended })
          case 1: (index, await log.wait(atMost: .milliseconds(20)) { $0.end == .failed })
          default: (index, await log.wait(atMost: .seconds(240)) { $0.window.items.count > index / 30 })
          }
        }
      }
      group.addTask { [log] in
        for number in UInt64(1)...11 {
          log.open(Made.chunk(number))
          log.seal(Made.sealed(number))
          await Task.yield()
        }
        log.end(.ended)
        return (0, true)
      }
      for await (index, isTrue) in group { #expect(isTrue == (index % 3 != 1), "waiter \(index)") }
    }
    try await noWaiters()
  }

  /// Satisfaction, timeout and cancellation at the same moment: each wait ends once, and nothing stays.
  @Test(arguments: UInt64(1)...5) func everythingAtOnce(_ seed: UInt64) async throws {
    var generator = SeededGenerator(seed: seed)
    let delays = (0..<100).map { _ in Int.random(in: 0...3_000, using: &generator) }
    await withTaskGroup(of: Void.self) { group in
      for delay in delays {
        group.addTask { [log] in
          let wait = Task { await log.wait(atMost: .microseconds(delay)) { $0.end != nil } }
          if delay % 3 == 0 { wait.cancel() }
          _ = await wait.value
        }
      }
      group.addTask { [log] in
        try? await Task.sleep(for: .milliseconds(1))
        log.end(.ended)
      }
    }
    try await noWaiters()
  }

  @Test func theFirstReasonOfAnEndCounts() {
    log.end(.failed)
    log.end(.ended)
    #expect(log.snapshot().end == .failed)
  }
}
