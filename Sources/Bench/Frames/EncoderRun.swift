import ChildProcess
import EventLoop
import FrameEncoding
import Glibc
import TestKit

/// Segments by one encoder process of a pool, as a worker makes them.
struct EncoderRun {
  private let store: BenchFrameStore
  private let control = EventLoop(name: "control")
  private let home = EventLoop(name: "encoders")
  private let spawner: ChildSpawner
  private let pool: EncoderPool

  init(_ store: BenchFrameStore) {
    self.store = store
    spawner = ChildSpawner(control: control)
    pool = EncoderPool(EncoderPoolSettings(processes: 1), spawner: spawner, loop: home)
  }

  /// CPU milliseconds a segment: the encoder's, and this process's beside it.
  func milliseconds(_ batches: some Collection<[String]>) async throws -> Double {
    let before = try await cpuSeconds()
    for batch in batches {
      let frames = batch.map { FrameInput(path: $0, client: BenchFrameStore.client, captured: 0) }
      let job = EncodeJob(base: store.folder.path, frames: frames, output: store.output)
      guard case .finished(let report) = await pool.run(.encode(job)), report.segment?.samples == frames.count else {
        throw BenchError("the encoder made no segment of \(batch)")
      }
    }
    return (try await cpuSeconds() - before) * 1000 / Double(batches.count)
  }

  func residentMiB() async throws -> Int {
    guard let process = await pool.status().processIDs.first else { throw BenchError("no encoder runs") }
    return ProcessTable.residentBytes(process) >> 20
  }

  private func cpuSeconds() async throws -> Double {
    var seconds = Self.seconds(CLOCK_PROCESS_CPUTIME_ID)
    for process in await pool.status().processIDs {
      var clock = clockid_t()
      guard clock_getcpuclockid(process, &clock) == 0 else { throw BenchError("the encoder has no clock") }
      seconds += Self.seconds(clock)
    }
    return seconds
  }

  private static func seconds(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  func stop() async {
    await pool.stop()
    await spawner.drain(grace: .zero)
    home.stop()
    control.stop()
  }
}
