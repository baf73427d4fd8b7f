import EventLoop
import FrameRecorder
import Observability
import TestKit

/// A Redis, a storage, and the keeping of recordings over both.
final class KeepingRig: Sendable {
  let frames: FrameRig
  let folder: TemporaryFolder
  let store: FrameStore
  private let loop: EventLoop

  init(
    _ fixture: Fixture, partitions: Int = 4, _ change: (inout FrameStoreSettings) -> Void = { _ in }
  ) async throws {
    frames = try await FrameRig(fixture, partitions: partitions)
    folder = try fixture.temporaryFolder("keeping")
    store = frames.store {
      $0.archive = ArchiveRule(isEnabled: true, minDurationSeconds: 0, retentionDays: 7)
      change(&$0)
    }
    let loop = EventLoop(name: "keeping")
    self.loop = loop
    try FileAdapter(base: folder.path).create(.clients)
    fixture.addTeardown { loop.stop() }
  }

  /// Segments are kept for an hour, and then for so long on the disk.
  convenience init(_ fixture: Fixture, hourAndGrace graceSeconds: Int) async throws {
    try await self.init(fixture) {
      $0.retention = RetentionRule(retentionHours: 1, archiveHoldHours: 0, graceSeconds: graceSeconds)
    }
  }

  var device: DevicePair { frames.device }
  var member: String { "\(device)" }
  func adapter() throws -> FileAdapter { try FileAdapter(base: folder.path) }

  func services(
    store other: FrameStore? = nil, adapter: (any StorageAdapter)? = nil,
    registry: MetricsRegistry = MetricsRegistry(), _ change: (inout KeepingSettings) -> Void = { _ in }
  ) throws -> KeepingServices {
    var settings = KeepingSettings()
    change(&settings)
    return KeepingServices(
      store: other ?? store, storage: StorageThreads(try adapter ?? self.adapter(), loops: [loop]),
      settings: settings, metrics: KeepingMetrics(registry), logger: Logger(level: .debug, sink: frames.sink))
  }

  func place(_ text: String) throws -> StoragePath {
    guard let path = StoragePath(text) else { throw Missing("a path \(text)") }
    return path
  }

  func write(_ text: String, at path: String) throws {
    try adapter().put(Array(text.utf8), at: place(path), replaces: true)
  }

  /// Names in a folder, sorted.
  func names(_ path: StoragePath) throws -> [String] {
    var names: [String] = []
    try adapter().list(path) {
      names.append($0.name)
      return true
    }
    return names.sorted()
  }

  func exists(_ path: StoragePath) throws -> Bool { try adapter().look(path) != nil }
}

/// Records segments of a device for its partition's owner, each of one frame, with a file.
struct MadeDevice {
  let rig: KeepingRig
  let device: DevicePair
  let owned: OwnedPartition
  var commits: MadeCommits
  private(set) var numbers: [UInt64] = []
  private var frame = 0

  init(_ rig: KeepingRig, _ device: DevicePair? = nil, owned: OwnedPartition? = nil) async throws {
    self.rig = rig
    self.device = device ?? rig.device
    if let owned {
      self.owned = owned
    } else {
      let partition = rig.store.keys.partition(of: self.device)
      let claim = try await rig.store.claim(partition, for: .init("w1"))
      guard case .claimed(let claimed) = claim else { throw Missing("a claim: \(claim)") }
      self.owned = claimed
    }
    commits = MadeCommits(self.device)
    _ = try await rig.store.seed(self.owned, self.device, [], largest: nil, target: nil)
  }

  var session: SessionID { commits.session }
  var archive: ArchiveMember { ArchiveMember(device, session) }

  /// A frame is accepted and read.
  mutating func send() async throws -> EntryID {
    frame += 1
    let entry = try await rig.store.accept(device, ["\(device.device)-\(frame)"])[0]
    guard try await rig.store.frames(owned) == [entry] else { throw Missing("the frame") }
    try await touch(entry)
    return entry
  }

  func touch(_ entry: EntryID, interval: Int64 = 5_000) async throws {
    let touch = DeviceTouch(
      device, rawClient: device.client.text, rawDevice: device.device.text, newest: entry, interval: interval,
      backlog: 0)
    guard try await rig.store.touch(owned, [touch]) == .done else { throw Missing("a touch") }
  }

  /// Segments of one frame; the clock is moved after each.
  mutating func record(_ count: Int = 1, then pause: Duration = .zero) async throws {
    for _ in 0..<count {
      let entry = try await send()
      try await record(entry)
      rig.frames.advance(pause)
    }
  }

  mutating func record(_ entry: EntryID) async throws {
    let record = try await rig.store.look(at: [(device, [])])[0].get().record
    let begun = try await rig.store.number(owned, device, entry, generation: record.generation)
    let bytes = Array("segment \(begun.number) of \(session)\n".utf8)
    try rig.adapter().put(bytes, at: .segment(device, begun.number))
    let answer = try await rig.store.commit(owned, commits.next(begun, [entry]))
    guard case .recorded = answer else { throw Missing("a recording: \(answer)") }
    numbers.append(begun.number)
  }

  /// The partition was read empty.
  func drain() async throws {
    guard try await rig.store.frames(owned) == [] else { throw Missing("an end") }
  }

  /// Its session has ended and waits for its archive.
  mutating func end() async throws {
    rig.frames.advance(.seconds(61))
    try await drain()
    guard try await rig.store.end(session, of: device) == .ended(.ended) else { throw Missing("an end") }
  }
}
