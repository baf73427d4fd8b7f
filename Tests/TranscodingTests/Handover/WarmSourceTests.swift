import Cluster
import EventLoop
import Foundation
import Identifiers
import MediaLog
import Synchronization
import TestKit
import Testing

@testable import Transcoding

/// A second connection to a source that this process relays already.
@Suite(.serialized, .timeLimit(.minutes(2))) struct WarmSourceTests {
  /// A `WarmSource` on a loop, and what it has told.
  private final class Rig: Sendable {
    struct Told: Sendable {
      var ready: [Bool] = []
      var begun: [Bool] = []
      var bytes: [UInt8] = []
      /// What came before the first bytes and after them.
      var order: [String] = []
    }

    let told = Mutex(Told())
    private let loop: EventLoop
    private let source: LoopBound<WarmSource>

    init(_ streams: SupervisionFixture, _ url: String, log: StreamLog, transcoded: Bool = false) async throws {
      let id = try await streams.register(url, transcoded: transcoded)
      let registration = try #require(try await streams.coordinator.stream(id)).registration
      loop = streams.loops.loops[0]
      source = await loop.run { [loop, services = streams.services] in
        let planner = SourcePlanner(registration: registration, services: services)
        return LoopBound(WarmSource(planner: planner, log: log, on: loop), loop: loop)
      }
      await loop.run { [self] in
        source.value.warmUp { [weak self] isReady in self?.told.withLock { $0.ready.append(isReady) } }
      }
    }

    /// As the owner of a log that ends with this window.
    func open(behind window: LogWindow) async {
      await loop.run { [self] in
        source.value.open(behind: window.trace, begin: { [weak self] in self?.begun($0) }) { [weak self] in
          self?.take($0)
        }
      }
    }

    func ready(within limit: Duration) async throws -> [Bool] {
      try await eventually("an answer", within: limit) { self.told.withLock { !$0.ready.isEmpty } }
      return told.withLock { $0.ready }
    }

    private func begun(_ goesOn: Bool) {
      told.withLock { told in
        told.begun.append(goesOn)
        told.order.append("begin")
      }
    }

    private func take(_ event: MediaSourceEvent) {
      told.withLock { told in
        switch event {
        case .bytes(let bytes): told.bytes += bytes
        case .failed: told.order.append("failed")
        case .ended: told.order.append("ended")
        case .alive, .process, .exited, .progress, .mediaInfo: break
        }
      }
    }

    var isReady: Bool { get async { await loop.run { [self] in source.value.isReady } } }

    func close() async {
      await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        loop.execute { [self] in source.value.close(grace: .seconds(1)) { done.resume() } }
      }
    }
  }

  private func withRelay(
    _ body: (SourceServer, SupervisionFixture, LocalStream) async throws -> Void
  ) async throws {
    try await withFixture { fixture in
      let source = try await fixture.sourceServer(live: .encoded(.h264Aac))
      let streams = try SupervisionFixture(fixture)
      try await body(source, streams, try await streams.playing(source.url("/live.ts")).1)
    }
  }

  private func content(_ window: LogWindow) -> [UInt8] {
    window.items.flatMap { Array(UnsafeRawBufferPointer(start: $0.chunk.bytes, count: $0.byteCount)) }
  }

  private func steps(_ bytes: [UInt8]) -> Set<Int64> {
    let times = TSCapture.videoFrames(bytes).map { Int64($0.time) }
    return Set(zip(times, times.dropFirst()).map { $1 - $0 })
  }

  @Test func itGoesOnWhereTheLogEnds() async throws {
    try await withRelay { source, streams, stream in
      let rig = try await Rig(streams, source.url("/live-2.ts"), log: stream.log)
      #expect(try await rig.ready(within: .seconds(3)) == [true])
      #expect(await rig.isReady)
      // The new connection has not had all of it yet, perhaps.
      let window = stream.log.snapshot().window
      await rig.open(behind: window)
      try await eventually("media", within: .seconds(4)) { rig.told.withLock { $0.bytes.count > 200_000 } }
      #expect(await !rig.isReady)
      await rig.close()
      let told = rig.told.withLock { $0 }
      #expect(told.begun == [true] && told.order == ["begin"])
      #expect(steps(content(window) + told.bytes) == [3_600], "each frame once")
      #expect(told.bytes.count % 188 == 0 && told.ready == [true])
    }
  }

  /// Nothing is known of the log: it begins at a random access point, when the patience for it is over.
  @Test func withoutAnEndItBeginsAtARandomAccessPoint() async throws {
    try await withRelay { source, streams, _ in
      let id = StreamID(digest: [UInt8](repeating: 1, count: 16))
      let log = StreamLog(id: id, limits: WindowLimits(seconds: 30, bytes: 1 << 25), listSize: 6)
      let begun = ContinuousClock.now
      let rig = try await Rig(streams, source.url("/live-3.ts"), log: log)
      #expect(try await rig.ready(within: .seconds(5)) == [true])
      #expect(begun.duration(to: .now) > HandoverRule.patience)
      await rig.open(behind: log.snapshot().window)
      try await eventually("media", within: .seconds(4)) { rig.told.withLock { $0.bytes.count > 200_000 } }
      await rig.close()
      let told = rig.told.withLock { $0 }
      #expect(told.begun == [false] && told.order == ["begin"])
      // The read that brought the tables may have brought something before them, which no log takes.
      let report = TSCaptureChecker.check(told.bytes, beginning: .anywhere)
      #expect(report.problems.isEmpty, "\(report.problems)")
      #expect(TSCapture.videoFrames(told.bytes).count > 25)
    }
  }

  @Test(arguments: ["/status/404", "/refuse"]) func aSourceThatFailsSaysSoOnce(_ path: String) async throws {
    try await withRelay { source, streams, stream in
      let rig = try await Rig(streams, source.url(path), log: stream.log)
      #expect(try await rig.ready(within: .seconds(5)) == [false])
      #expect(await !rig.isReady)
      await rig.open(behind: stream.log.snapshot().window)
      await rig.close()
      let told = rig.told.withLock { $0 }
      #expect(told.ready == [false] && told.begun.isEmpty && told.order.isEmpty)
    }
  }

  @Test func aSourceThatEndsBeforeItIsOpenedIsNotReadyAnyMore() async throws {
    try await withRelay { source, streams, stream in
      let rig = try await Rig(streams, source.url("/live-4.ts"), log: stream.log)
      #expect(try await rig.ready(within: .seconds(3)) == [true])
      source.closeAll("/live-4.ts")
      try await eventually("its end to be noticed") { await !rig.isReady }
      await rig.close()
      #expect(rig.told.withLock { $0.ready } == [true])
    }
  }

  /// The owner opens it anew, as any source that is lost.
  @Test func aSourceThatEndsWhileTheLogsEndIsSoughtFails() async throws {
    try await withRelay { source, streams, stream in
      let rig = try await Rig(streams, source.url("/live-5.ts"), log: stream.log)
      #expect(try await rig.ready(within: .seconds(3)) == [true])
      source.stall("/live-5.ts")
      let before = stream.log.snapshot().window.last?.chunk.number
      #expect(
        await stream.log.wait(atMost: .seconds(5)) { log in
          log.window.last.map { $0.chunk.number.value > (before?.value ?? 0) + 3 } ?? false
        })
      await rig.open(behind: stream.log.snapshot().window)
      source.resetAll("/live-5.ts")
      try await eventually("the failure", within: .seconds(4)) { rig.told.withLock { $0.order.count > 1 } }
      await rig.close()
      let told = rig.told.withLock { $0 }
      #expect(told.begun == [false] && told.order == ["begin", "failed"] && told.bytes.isEmpty)
    }
  }

  /// An FFmpeg has a clock of its own.
  @Test func aTranscodeBeginsAtARandomAccessPointAtOnce() async throws {
    try await withRelay { source, streams, stream in
      let rig = try await Rig(streams, source.url("/live-6.ts"), log: stream.log, transcoded: true)
      #expect(try await rig.ready(within: .seconds(15)) == [true])
      await rig.open(behind: stream.log.snapshot().window)
      try await eventually("media", within: .seconds(4)) { rig.told.withLock { $0.bytes.count > 50_000 } }
      await rig.close()
      #expect(rig.told.withLock { $0.begun } == [false])
      try await eventually("no child to be left") { streams.spawner.processesRunning == 0 }
    }
  }
}
