import EventLoop
import Testing

@Suite(.timeLimit(.minutes(1))) struct LoopBoundTests {
  @Test func theValueIsTheSameOnTheLoop() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    let count = await withCheckedContinuation { (done: CheckedContinuation<Int, Never>) in
      loop.execute {
        let bound = LoopBound(Box(0), loop: loop)
        bound.value.value += 1
        // By way of another thread, and back.
        Task.detached {
          loop.execute {
            bound.value.value += 1
            done.resume(returning: bound.value.value)
          }
        }
      }
    }
    #expect(count == 2)
  }

  @Test func theValueTrapsOutsideTheLoop() async {
    await #expect(processExitsWith: .failure) {
      let loop = EventLoop(name: "test")
      let bound = LoopBound(1, loop: loop)
      _ = bound.value
    }
  }

  @Test func aTimerTrapsOutsideTheLoop() async {
    await #expect(processExitsWith: .failure) {
      let loop = EventLoop(name: "test")
      _ = loop.schedule(after: .zero) {}
    }
  }
}
