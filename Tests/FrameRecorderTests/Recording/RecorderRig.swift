import EventLoop
import FrameEncoding
import FrameRecorder
import Identifiers
import Observability
import Synchronization
import TestKit
import TransportStream

/// A Redis, a storage, and recorders over both as if each were another worker's.
struct RecorderRig {
  let frames: FrameRig
  let folder: TemporaryFolder
  let store: FrameStore
  private let loops: [EventLoop]

  /// `partitions`: one for all devices, unless more are needed.
  init(
    _ fixture: Fixture, partitions: Int = 1, _ change: (inout FrameStoreSettings) -> Void = { _ in }
  ) async throws {
    frames = try await FrameRig(fixture, partitions: partitions)
    folder = try fixture.temporaryFolder("frames")
    store = frames.store(change)
    try FileAdapter(base: folder.path).create(.clients)
    let loops = [EventLoop(name: "storage-1"), EventLoop(name: "storage-2")]
    self.loops = loops
    fixture.addTeardown { for loop in loops { loop.stop() } }
  }

  var device: DevicePair { frames.device }
  var base: String { folder.path }
  func adapter() throws -> FileAdapter { try FileAdapter(base: base) }

  /// Two frames a segment.
  func settings(_ change: (inout RecorderSettings) -> Void = { _ in }) -> RecorderSettings {
    var settings = RecorderSettings(
      batch: BatchSettings(
        session: SessionRule(
          maxDurationSeconds: 7_200, retentionHours: 24, offline: OfflineRule(thresholdSeconds: 60)),
        encoding: EncodingSettings(base: base)),
      time: FrameTimeRule(clockSkewSeconds: 300, earliest: FrameTime(milliseconds: 1_420_070_400_000)),
      paths: FramePathRule(base: base))
    settings.cut.framesPerSegment = 2
    change(&settings)
    return settings
  }

  func services(
    _ encoder: any SegmentEncoding, encoders: Int = 2, store other: FrameStore? = nil,
    registry: MetricsRegistry = MetricsRegistry(),
    _ change: (inout RecorderSettings) -> Void = { _ in }
  ) async throws -> RecorderServices {
    let storage = StorageThreads(try adapter(), loops: loops)
    let logger = Logger(level: .debug, sink: frames.sink)
    let store = other ?? store
    let alarm = FrameAlarm(connection: try await frames.connection(), keys: store.keys, logger: logger)
    let ringing = Task { await alarm.run() }
    frames.fixture.addTeardown {
      ringing.cancel()
      await ringing.value
    }
    let metrics = RecorderMetrics(registry)
    let playlists = PlaylistWriter(
      store: store, storage: storage, pause: .milliseconds(50), target: 2, metrics: metrics, logger: logger)
    frames.fixture.addTeardown { await playlists.stop() }
    var services = RecorderServices(
      store: store, storage: storage, encoder: encoder, encoders: EncoderQueue(encoders: encoders),
      budget: QueueBudget(bytes: 1 << 20), alarm: alarm, playlists: playlists, settings: settings(change),
      metrics: metrics, logger: logger)
    let clock = frames.clock
    services.clock = RecorderClock(now: { clock.now }, sleep: { try await clock.sleep(for: $0) })
    return services
  }

  /// Records the partition of `device` for a new owner.
  func start(_ services: RecorderServices, _ worker: String = "w1") async throws -> (Recorder, OwnedPartition) {
    let owned = try await frames.claim(store, worker)
    let recorder = Recorder(services)
    recorder.start(owned)
    frames.fixture.addTeardown { await recorder.stop() }
    return (recorder, owned)
  }

  /// A frame's file and its event; one second apart by number.
  @discardableResult
  func send(_ number: Int, _ change: (inout [(String, String)]) -> Void = { _ in }) async throws -> EntryID {
    let name = "f\(number)"
    let path = try frameFile(name)
    var fields = [
      ("eventId", "\"\(name)\""), ("clientId", "\"c1\""), ("deviceId", "\"d1\""),
      ("timestamp", String(1_795_219_200 + number)), ("framePath", "\"\(path)\""),
    ]
    change(&fields)
    let event = "{" + fields.map { "\"\($0.0)\":\($0.1)" }.joined(separator: ",") + "}"
    guard case .success(.added(let entry)) = try await store.add([IntakeFrame(device, event: event)])[0] else {
      throw Missing("an entry")
    }
    return entry
  }

  /// Its path below the base.
  private func frameFile(_ name: String) throws -> String {
    let path = "client_ids/c1/device_id/d1/frames/\(name).jpg"
    guard let place = StoragePath(path) else { throw Missing("a path") }
    try adapter().put(Array("picture \(name)\n".utf8), at: place, replaces: true)
    return path
  }

  /// The frames of all listed segments, in their order, as `ListingEncoder` wrote them.
  func listed() async throws -> [String] {
    var found: [String] = []
    for segment in try await store.segments(device) {
      let bytes = try adapter().read(.segment(device, segment.number), nil)
      found += String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { String($0) }
    }
    return found
  }

  /// The playlist's file; empty while there is none.
  func playlist() throws -> String {
    guard try adapter().look(.playlist(device)) != nil else { return "" }
    return String(decoding: try adapter().read(.playlist(device), nil), as: UTF8.self)
  }

  /// Reason by entry.
  func dead() async throws -> [String: String] {
    var found: [String: String] = [:]
    for entry in try await frames.command("XRANGE", "frames:dead", "-", "+").elements ?? [] {
      let fields = Dictionary(entry.elements?[1].pairs ?? []) { first, _ in first }
      found[fields["entry"] ?? ""] = fields["reason"]
    }
    return found
  }

  func waiting() async throws -> Int64 {
    try await frames.command("XLEN", "frames:\(frames.partition)").integer ?? 0
  }
}

/// Writes the frames' names, a line each, where a segment would be: what is listed can be counted.
final class ListingEncoder: SegmentEncoding {
  typealias Answer = @Sendable (EncodeJob) async -> EncodeOutcome?

  private let base: String
  private let answer: Answer
  private let prober: @Sendable (FrameInput) -> ProbeOutcome
  private let taken = Mutex<[EncodeJob]>([])

  var jobs: [EncodeJob] { taken.withLock { $0 } }

  /// `answer`: in place of what it would; nil: nothing.
  init(
    _ base: String, answer: @escaping Answer = { _ in nil },
    prober: @escaping @Sendable (FrameInput) -> ProbeOutcome = { _ in .survived }
  ) {
    (self.base, self.prober, self.answer) = (base, prober, answer)
  }

  static func name(_ frame: FrameInput) -> String {
    String(frame.path.split(separator: "/").last?.dropLast(4) ?? "")
  }

  func encode(_ job: EncodeJob) async -> EncodeOutcome {
    taken.withLock { $0.append(job) }
    if let other = await answer(job) { return other }
    return write(job, job.frames.map { _ in .good(truncated: false) })
  }

  func write(_ job: EncodeJob, _ outcomes: [FrameOutcome]) -> EncodeOutcome {
    let good = zip(job.frames, outcomes).filter { $0.1 == .good(truncated: false) }.map { Self.name($0.0) }
    guard !good.isEmpty, let output = StoragePath(job.output) else { return .made(outcomes, nil) }
    let text = Array((good.joined(separator: "\n") + "\n").utf8)
    do {
      try FileAdapter(base: base).put(text, at: output, replaces: true)
    } catch {
      return .prevented("\(error)")
    }
    return .made(outcomes, .made(job, frames: good.count, bytes: text.count))
  }

  func probe(_ frame: FrameInput) async -> ProbeOutcome { prober(frame) }
}

extension EncodeOutcome {
  static func made(_ frames: [FrameOutcome], _ segment: EncodedSegment?) -> EncodeOutcome {
    .done(EncodeReport(frames: frames, segment: segment, processorMicroseconds: 0))
  }
}

extension EncodedSegment {
  /// One second a frame.
  static func made(_ job: EncodeJob, frames: Int, bytes: Int) -> EncodedSegment {
    let duration = Int64(frames) * 90_000
    return EncodedSegment(
      bytes: bytes, duration: duration, nextPTS: job.firstPTS + duration, samples: max(2, frames),
      size: job.geometry.size(for: PictureSize(width: 64, height: 64)), counters: [PIDContinuity(pid: 0, counter: 1)])
  }
}
