import EventLoop
import Glibc
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct LoopTimerTests {
  @Test func aReleasedTimerDoesNotFire() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    let fired: Int = await loop.answer { done in
      let fired = Box(0)
      _ = loop.schedule(after: .milliseconds(1)) { fired.value += 1 }
      _ = loop.schedule(each: .milliseconds(1)) { fired.value += 1 }
      let last = Box<LoopTimer?>(nil)
      last.value = loop.schedule(after: .milliseconds(20)) {
        last.value = nil
        done(fired.value)
      }
    }
    #expect(fired == 0)
  }

  @Test func aTimerReleasedByItsOwnHandlerIsFreed() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    let isFreed: Bool = await loop.answer { done in
      let kept = Box<LoopTimer?>(nil)
      weak var timer: LoopTimer?
      kept.value = loop.schedule(each: .milliseconds(1)) {
        kept.value = nil
        // On the next turn the handler has returned.
        let reference = LoopBound(Box(timer == nil), loop: loop)
        loop.execute { done(!reference.value.value) }
      }
      timer = kept.value
    }
    #expect(isFreed)
  }

  @Test func aTimerIsScheduledUntilItHasFired() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    let states: [Bool] = await loop.answer { done in
      let kept = Box<LoopTimer?>(nil)
      let timer = loop.schedule(after: .milliseconds(1)) { done([true, kept.value?.isScheduled ?? true]) }
      kept.value = timer
      #expect(timer.isScheduled)
    }
    #expect(states == [true, false])
  }

  @Test func timersFireInTheOrderOfTheirDelays() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    let order: [Int] = await loop.answer { done in
      let order = Box<[Int]>([])
      let timers = Box<[LoopTimer]>([])
      for delay in [30, 10, 20] {
        timers.value.append(
          loop.schedule(after: .milliseconds(delay)) {
            order.value.append(delay)
            guard order.value.count == 3 else { return }
            timers.value = []
            done(order.value)
          })
      }
    }
    #expect(order == [10, 20, 30])
  }

  /// The delay counts from the call, not from the beginning of the loop's turn.
  @Test func aTimerMadeLateInABusyTurnDoesNotFireEarly() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    let elapsed: Duration = await loop.answer { done in
      let clock = ContinuousClock()
      let begin = clock.now
      while begin.duration(to: clock.now) < .milliseconds(150) {}
      let called = clock.now
      let kept = Box<LoopTimer?>(nil)
      kept.value = loop.schedule(after: .milliseconds(100)) {
        kept.value = nil
        done(called.duration(to: clock.now))
      }
    }
    #expect(elapsed > .milliseconds(90), "fired after \(elapsed)")
  }

  @Test func aTimerMayBeReleasedAfterTheEndOfItsLoop() async {
    let loop = EventLoop(name: "test")
    let kept = Mutex<[LoopBound<(LoopTimer, DescriptorWatch)>]>([])
    let pipe = TestPipe()
    await loop.run {
      let things = (loop.schedule(each: .seconds(60)) {}, loop.watchReadable(pipe.reading) {})
      let bound = LoopBound(things, loop: loop)
      kept.withLock { $0.append(bound) }
    }
    loop.stop()
    let count = kept.withLock { kept in
      defer { kept = [] }
      return kept.count
    }
    #expect(count == 1)
  }
}
