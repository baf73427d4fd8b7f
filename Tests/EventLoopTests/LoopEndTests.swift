import EventLoop
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct LoopEndTests {
  @Test func whatIsPostedAfterStopIsDroppedAtOnce() {
    let loop = EventLoop(name: "test")
    loop.stop()
    let ran = Mutex(false)
    weak var captured: Witness?
    do {
      let witness = Witness()
      captured = witness
      loop.execute {
        ran.withLock { $0 = true }
        withExtendedLifetime(witness) {}
      }
    }
    #expect(captured == nil)
    #expect(!ran.withLock { $0 })
  }

  @Test func aSecondStopIsHarmless() {
    let loop = EventLoop(name: "test")
    loop.stop()
    loop.stop()
    #expect(!loop.isCurrent)
  }

  @Test func whatRunningWorkPostsBeforeTheEndStillRuns() {
    let ran = Mutex(0)
    let loop = EventLoop(name: "test")
    @Sendable func post(_ left: Int) {
      ran.withLock { $0 += 1 }
      if left > 1 { loop.execute { post(left - 1) } }
    }
    loop.execute { post(10) }
    loop.stop()
    #expect(ran.withLock { $0 } == 10)
  }

  @Test func stopIsSafeWhileOthersPost() async {
    for _ in 0..<20 {
      let loop = EventLoop(name: "test")
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<4 { group.addTask { for _ in 0..<200 { loop.execute {} } } }
        group.addTask { loop.stop() }
      }
      #expect(!loop.isCurrent)
    }
  }

  @Test func aStoppedLoopIsFreed() {
    weak var freed: EventLoop?
    do {
      let loop = EventLoop(name: "test")
      freed = loop
      loop.stop()
    }
    #expect(freed == nil)
  }

  @Test func aGroupHandsItsLoopsOutInTurn() {
    let group = LoopGroup(count: 3, name: "test")
    defer { group.stop() }
    let names = (0..<6).map { _ in group.next().name }
    #expect(names == ["test-0", "test-1", "test-2", "test-0", "test-1", "test-2"])
  }
}

private final class Witness: Sendable {}
