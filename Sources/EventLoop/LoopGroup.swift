internal import Synchronization

/// The media loops of a worker: one per core, handed out in turn.
package final class LoopGroup: Sendable {
  package let loops: [EventLoop]
  private let turn = Atomic<Int>(0)

  /// `count` ≥ 1 loops named `<name>-0`, `<name>-1` …
  package init(count: Int, name: String) {
    loops = (0..<max(1, count)).map { EventLoop(name: "\(name)-\($0)") }
  }

  package func next() -> EventLoop {
    let turn = turn.wrappingAdd(1, ordering: .relaxed).oldValue
    return loops[Int(turn.magnitude % loops.count.magnitude)]
  }

  /// Stops all loops and waits for their threads. Not from one of them.
  package func stop() { for loop in loops { loop.stop() } }
}
