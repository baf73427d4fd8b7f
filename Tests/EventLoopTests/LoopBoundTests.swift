import EventLoop
import Synchronization
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

  @Test func theValueIsReleasedOnTheLoopWhoeverLetsGoOfIt() {
    let loop = EventLoop(name: "test")
    let released = Released()
    for _ in 0..<20_000 { _ = LoopBound(Witness(loop, released), loop: loop) }
    loop.stop()
    #expect(released.total.load(ordering: .relaxed) == 20_000)
    #expect(released.elsewhere.load(ordering: .relaxed) == 0)
  }

  private final class Released: Sendable {
    let total = Atomic<Int>(0)
    let elsewhere = Atomic<Int>(0)
  }

  private final class Witness {
    private let loop: EventLoop
    private let released: Released

    init(_ loop: EventLoop, _ released: Released) { (self.loop, self.released) = (loop, released) }

    deinit {
      released.total.wrappingAdd(1, ordering: .relaxed)
      if !loop.isCurrent { released.elsewhere.wrappingAdd(1, ordering: .relaxed) }
    }
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
