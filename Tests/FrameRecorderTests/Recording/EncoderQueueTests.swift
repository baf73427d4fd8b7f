import Synchronization
import TestKit
import Testing

@testable import FrameRecorder

@Suite("The queue before the encoders", .timeLimit(.minutes(1))) struct EncoderQueueTests {
  @Test("lets as many in as there are encoders, and the oldest batch first")
  func order() async throws {
    let queue = EncoderQueue(encoders: 1)
    let gate = Wakeup()
    let noted = Noted()
    let start = ContinuousClock.now
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        await queue.run(cutAt: start) {
          noted.add(0)
          await gate.wait(atMost: .seconds(60))
        }
      }
      try await soon("the first") { noted.all == [0] }
      for (waiting, age) in [3, 1, 2].enumerated() {
        group.addTask {
          await queue.run(cutAt: start + .seconds(age)) { noted.add(age) }
        }
        try await soon("the wait") { queue.waitingCount == waiting + 1 }
      }
      #expect(noted.all == [0])
      gate.ring()
      try await group.waitForAll()
    }
    #expect(noted.all == [0, 1, 2, 3])
  }

  private final class Noted: Sendable {
    private let items = Mutex<[Int]>([])
    var all: [Int] { items.withLock { $0 } }
    func add(_ item: Int) { items.withLock { $0.append(item) } }
  }

  @Test("A ring that came before the sleep is heard")
  func ring() async throws {
    let wakeup = Wakeup()
    let start = ContinuousClock.now
    wakeup.ring()
    await wakeup.wait(atMost: .seconds(50))
    async let first: Void = wakeup.wait(atMost: .seconds(50))
    async let second: Void = wakeup.wait(atMost: .seconds(50))
    let ringing = Task {
      while !Task.isCancelled {
        wakeup.ring()
        try? await Task.sleep(for: .milliseconds(5))
      }
    }
    _ = await (first, second)
    ringing.cancel()
    let cancelled = Task { await wakeup.wait(atMost: .seconds(50)) }
    cancelled.cancel()
    await cancelled.value
    #expect(ContinuousClock.now - start < .seconds(40))
  }
}
