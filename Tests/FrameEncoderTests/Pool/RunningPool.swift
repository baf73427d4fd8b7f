import ChildProcess
import EventLoop
import Foundation
import FrameEncoding
import TestKit

/// A pool of real encoder processes with loops of its own.
struct RunningPool: Sendable {
  let pool: EncoderPool
  private let control = EventLoop(name: "control")
  private let home = EventLoop(name: "encoders")
  private let spawner: ChildSpawner

  /// Stopped with the fixture. `fault`: see `EncoderFault`.
  init(
    _ fixture: Fixture, processes: Int = 2, timeout: Duration = .seconds(60), requestsAProcess: Int = 10_000,
    fault: String? = nil, executable: String = EncoderProgram.path
  ) {
    spawner = ChildSpawner(control: control)
    pool = EncoderPool(
      EncoderPoolSettings(
        executable: executable, environment: Self.environment(fault: fault), processes: processes, timeout: timeout,
        requestsAProcess: requestsAProcess),
      spawner: spawner, loop: home)
    fixture.addTeardown { [self] in await stop() }
  }

  private static func environment(fault: String?) -> [String: String] {
    let passed = ["TSAN_OPTIONS", "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH"]
    var environment = ProcessInfo.processInfo.environment.filter { passed.contains($0.key) }
    environment["MILLRACE_ENCODER_FAULT"] = fault
    return environment
  }

  func encode(_ job: EncodeJob) async -> EncoderOutcome { await pool.run(.encode(job)) }

  /// The processes, once there are so many that run a request.
  func busy(_ count: Int) async throws -> [Int32] {
    try await eventualValue("\(count) encoders at work", within: .seconds(30)) {
      let status = await pool.status()
      return status.running == count && status.processIDs.count >= count ? status.processIDs : nil
    }
  }

  private func stop() async {
    await pool.stop()
    await spawner.drain(grace: .zero)
    home.stop()
    control.stop()
  }
}

extension EncoderOutcome {
  var report: EncodeReport? {
    switch self {
    case .finished(let report): report
    case .failed, .crashed, .timedOut, .notStarted, .stopped: nil
    }
  }
}
