import ChildProcess
import EventLoop
import Foundation
import FrameEncoding
import FrameRecorder
import TestKit

/// Encoder processes as a worker has them.
struct RealEncoders: Sendable {
  private let pool: EncoderPool
  private let control = EventLoop(name: "control")
  private let home = EventLoop(name: "encoders")
  private let spawner: ChildSpawner

  /// Stopped with the fixture.
  init(_ fixture: Fixture, processes: Int = 2) {
    spawner = ChildSpawner(control: control)
    let passed = ProcessInfo.processInfo.environment.filter { name, _ in
      name == "LD_LIBRARY_PATH" || name.hasSuffix("SAN_OPTIONS")
    }
    pool = EncoderPool(
      EncoderPoolSettings(environment: passed, processes: processes, timeout: .seconds(60)), spawner: spawner,
      loop: home)
    fixture.addTeardown { [self] in await stop() }
  }

  func encoding(_ settings: EncodingSettings) -> PooledEncoding { PooledEncoding(pool, settings) }

  private func stop() async {
    await pool.stop()
    await spawner.drain(grace: .zero)
    home.stop()
    control.stop()
  }
}
