import Cluster
import FrameEncoding
import FrameRecorder
import Identifiers
import Observability
import TestKit

/// Workers with real encoders whose scripts reach Redis through a relay, and devices that send numbered pictures.
struct FaultRig {
  let fault: ScriptFault
  let devices: [DevicePair]
  /// The name under which the last device sends, of another partition: a link to its folder.
  private let link: DevicePair
  /// Not through the relay.
  let view: FrameStore
  private let rig: RecorderRig
  private let cluster: PartitionCluster
  private let relay: RedisRelay
  private let encoders: RealEncoders
  private let pictures: [[UInt8]]
  private let fixture: Fixture

  static let numbers = 16
  private static let size = (width: 160, height: 96)
  private static let names = ["c1:d0", "c1:d1", "c2:d2", "c2:d3"]
  private static let made = Task {
    try await FrameMaker.pictures(0..<names.count * numbers, width: size.width, height: size.height)
  }

  init(_ fixture: Fixture, _ script: FrameScript, _ kind: ScriptFault.Kind) async throws {
    self.fixture = fixture
    pictures = try await Self.made.value
    devices = try Self.names.map { try FrameRig.pair($0) }
    rig = try await RecorderRig(fixture, partitions: 2)
    let own = devices[3].partition(of: 2)
    link = try rig.frames.other { $0 != own }
    cluster = try await PartitionCluster(rig.frames, partitions: 2)
    let fault = ScriptFault(script, kind, device: devices[0])
    self.fault = fault
    relay = try fixture.redisRelay(to: rig.frames.server.port) { fault.judge($0) }
    view = rig.frames.store(Self.change)
    encoders = RealEncoders(fixture, processes: 1)
    try rig.adapter().create(.devices(of: link.client))
    try rig.adapter().link(.device(link), to: "../../\(devices[3].client)/device_id/\(devices[3].device)")
    // None is to be loaded at its first call.
    for script in FrameScript.allCases {
      _ = try await rig.frames.command("SCRIPT", "LOAD", script.redis.source)
    }
  }

  /// More than a busy machine takes for a test.
  private static let offline = OfflineRule(thresholdSeconds: 600)

  private static func change(_ settings: inout FrameStoreSettings) {
    settings.offline = offline
    settings.archive = ArchiveRule(isEnabled: true, minDurationSeconds: 0, retentionDays: 7)
  }

  // MARK: Workers

  struct Worker {
    let store: FrameStore
    let storage: StorageThreads
    let member: PartitionCluster.Member
    let jobs: FrameJobs

    /// As by SIGTERM.
    func end() async {
      await jobs.stop()
      await member.end()
    }
  }

  /// Three frames a segment.
  func worker(_ name: String) async throws -> Worker {
    let store = rig.frames.store(over: try await rig.frames.connection(port: relay.port), Self.change)
    let encoder = encoders.encoding(EncodingSettings(base: rig.base))
    let fences = PartitionCluster.Fences()
    var services = try await rig.services(encoder, encoders: 1, store: store) {
      $0.cut.framesPerSegment = 3
      $0.batch.session = SessionRule(maxDurationSeconds: 7_200, retentionHours: 24, offline: Self.offline)
    }
    services.onFenced = { fences.tell($0) }
    let recorder = Recorder(services)
    let member = try await cluster.worker(name, store: store, host: recorder) { await recorder.stop() }
    fences.set(member.keeper)
    var settings = KeepingSettings()
    settings.checkInterval = .milliseconds(100)
    settings.cleanupInterval = .milliseconds(500)
    let jobs = FrameJobs(
      KeepingServices(
        store: store, storage: services.storage, settings: settings, metrics: KeepingMetrics(MetricsRegistry()),
        logger: services.logger), worker: name, bootToken: "boot-\(name)")
    fixture.addTeardown { await jobs.stop() }
    jobs.start()
    return Worker(store: store, storage: services.storage, member: member, jobs: jobs)
  }

  func advance(_ duration: Duration) { rig.frames.advance(duration) }

  // MARK: Frames

  /// Each device sends by itself, again and again what is not accepted; the last one by a bridge
  /// and under another name.
  func send(_ numbers: Range<Int>, through worker: Worker, devices places: Range<Int>) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for place in places {
        group.addTask { for number in numbers { try await send(number, place, worker.store) } }
      }
      try await group.waitForAll()
    }
  }

  private func send(_ number: Int, _ place: Int, _ store: FrameStore) async throws {
    let device = devices[place]
    let path = "\(StoragePath.frames(device))/\(number).jpg"
    guard let file = StoragePath(path) else { throw Missing("a path") }
    try rig.adapter().put(pictures[place * Self.numbers + number], at: file, replaces: true)
    let named = device == devices.last ? link : device
    let event = """
      {"eventId":"\(device)-\(number)","clientId":"\(named.client)","deviceId":"\(named.device)",\
      "timestamp":\(1_795_219_200 + number),"framePath":"\(path)"}
      """
    let source = "\(device)-\(number)"
    try await soon("frame \(number) of \(device) to be accepted") {
      if device == devices.last {
        let frame = BridgedFrame(named, event: Array(event.utf8), source: source, received: .wallClock)
        return [[.added], [.known]].contains(try? await store.bridge([frame]))
      }
      switch try? await store.add([IntakeFrame(device, event: event, source: source)])[0].get() {
      case .added, .known: return true
      case .backlog, .deviceBacklog, nil: return false
      }
    }
  }

  /// Waits until these devices' indexes have so many frames.
  func recorded(_ count: Int, devices places: Range<Int>) async throws {
    for device in devices[places] {
      try await soon("\(count) frames of \(device)") {
        try await view.segments(device).reduce(0) { $0 + $1.frames } == count
      }
    }
  }

  /// What a decoder sees in all listed segments, device by device.
  func shown() async throws -> [[Int?]] {
    var (bytes, counts) = ([UInt8](), [Int]())
    for device in devices {
      let segments = try await view.segments(device)
      for segment in segments { bytes += try rig.adapter().read(.segment(device, segment.number), nil) }
      counts.append(segments.reduce(0) { $0 + $1.frames })
    }
    let file = try fixture.temporaryFolder("shown").write(bytes, to: "all.ts")
    var numbers = try await SegmentReader.numbers(ofFile: file, width: Self.size.width, height: Self.size.height)[...]
    return counts.enumerated().map { place, count in
      defer { numbers = numbers.dropFirst(count) }
      return numbers.prefix(count).map { $0.map { $0 - place * Self.numbers } }
    }
  }

  func waiting() async throws -> Int { try await view.waiting(in: view.keys.allPartitions) }
  func dead() async throws -> Int64? { try await rig.frames.command("XLEN", "frames:dead").integer }

  // MARK: Archives

  func archives(_ count: Int) async throws {
    try await soon("\(count) archives") { try await view.countArchives() == [.ready: count] }
  }

  func session(_ device: DevicePair) async throws -> SessionID {
    guard let session = try await view.segments(device).last?.session else { throw Missing("a session") }
    return session
  }

  /// Redis does not know the archive any more.
  func lose(_ session: SessionID, of device: DevicePair) async throws {
    let member = "\(ArchiveMember(device, session))"
    _ = try await rig.frames.command("ZREM", view.keys.archives(view.keys.partition(of: device)), member)
    _ = try await rig.frames.command("DEL", view.keys.session(session, of: device))
  }
}
