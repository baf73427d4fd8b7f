import EventLoop
import Synchronization
import Testing

@Suite struct EventLoopTests {
  @Test func runsWorkInOrderOnItsOwnThread() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    #expect(!loop.isCurrent)
    let order = Mutex<[Int]>([])
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      for number in 0..<1000 {
        loop.execute { order.withLock { $0.append(number) } }
      }
      loop.execute {
        #expect(loop.isCurrent)
        done.resume()
      }
    }
    #expect(order.withLock { $0 } == Array(0..<1000))
  }

  @Test func anActorOfTheLoopRunsOnIt() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    #expect(await Confined(loop: loop).isOnLoop())
  }

  @Test func aTaskThatPrefersTheLoopRunsOnIt() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    let isOnLoop = await Task(executorPreference: loop) { await onLoop(loop) }.value
    #expect(isOnLoop)
  }

  @Test func aCancelledTimerDoesNotFireAndARepeatingOneDoes() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    let count = await withCheckedContinuation { (done: CheckedContinuation<Int, Never>) in
      loop.execute {
        let timers = Timers()
        timers.cancelled = loop.schedule(after: .milliseconds(1)) { timers.count += 1000 }
        timers.cancelled?.cancel()
        timers.repeating = loop.schedule(each: .milliseconds(2)) {
          timers.count += 1
          guard timers.count % 1000 == 3 else { return }
          timers.repeating?.cancel()
          timers.last = loop.schedule(after: .milliseconds(20)) {
            done.resume(returning: timers.count)
            timers.last = nil
          }
        }
      }
    }
    #expect(count == 3)
  }

  @Test func stopRunsWhatWasPostedBefore() {
    let ran = Mutex(0)
    for _ in 0..<50 {
      let loop = EventLoop(name: "test")
      for _ in 0..<10 { loop.execute { ran.withLock { $0 += 1 } } }
      loop.stop()
    }
    #expect(ran.withLock { $0 } == 500)
  }
}

private func onLoop(_ loop: EventLoop) async -> Bool { loop.isCurrent }

private final class Timers {
  var count = 0
  var cancelled: LoopTimer?
  var repeating: LoopTimer?
  var last: LoopTimer?
}

private actor Confined {
  let loop: EventLoop
  init(loop: EventLoop) { self.loop = loop }
  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
  func isOnLoop() -> Bool { loop.isCurrent }
}
