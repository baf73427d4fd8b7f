import EventLoop
import Foundation
import Glibc
import Synchronization

/// The viewers of a burst, all on one loop: each has a connection for its POST at one worker, and one for its GET at the
/// next, which stays open until `close`.
final class BurstCrowd: Sendable {
  private let loop = EventLoop(name: "crowd")
  private let ports: [Int]
  private let body: String
  private let viewers = Mutex<[BurstViewer]>([])
  private let ended = Atomic<Int>(0)

  init(ports: [Int], body: String) { (self.ports, self.body) = (ports, body) }

  /// Connects all, and only then sends their requests.
  func begin(_ count: Int) throws {
    let sockets = try (0..<count).map { try LoopbackSocket.connect(ports[$0 % ports.count]) }
    let start = ContinuousClock.now
    let all = sockets.enumerated().map { number, socket in
      BurstViewer(
        socket, next: ports[(number + 1) % ports.count], start: start, loop: loop
      ) { [unowned self] in ended.wrappingAdd(1, ordering: .relaxed) }
    }
    viewers.withLock { $0 = all }
    loop.execute { [body] in
      for viewer in all { viewer.post(body) }
    }
  }

  /// Everybody has media or a problem.
  var isComplete: Bool { ended.load(ordering: .relaxed) == viewers.withLock { $0.count } }

  var outcomes: [BurstOutcome] { viewers.withLock { $0 }.map { $0.outcome.withLock { $0 } } }

  func close() async {
    let all = viewers.withLock { $0 }
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      loop.execute {
        for viewer in all { viewer.close() }
        done.resume()
      }
    }
    loop.stop()
  }
}
