import Foundation
import FrameRecorder
import JSONCoding
import Observability
import Redis
import Synchronization
import TestKit
import Testing

@Suite("Archives of sessions that have ended", .timeLimit(.minutes(3))) struct ArchiverTests {
  private func ended(_ rig: KeepingRig, _ count: Int = 4) async throws -> MadeDevice {
    var device = try await MadeDevice(rig)
    try await device.record(count)
    try await device.end()
    return device
  }

  private func hash(_ rig: KeepingRig, _ device: MadeDevice) async throws -> [String: String] {
    try await rig.frames.hash("frames:session:\(device.session)")
  }

  /// One, complete, and nothing beside it.
  private func expectComplete(_ rig: KeepingRig, _ device: MadeDevice) async throws {
    let folder = StoragePath.archive(device.device, device.session)
    #expect(try rig.names(folder) == ["archive.json", "playlist.m3u8", "segments"])
    #expect(try rig.names(.archives(device.device)) == [device.session.text])
    let names = device.numbers.map { SegmentName.text($0) }
    #expect(try rig.names(.archiveSegments(device.device, device.session)) == names)
    for number in device.numbers {
      let path = StoragePath.archiveSegment(device.device, device.session, number)
      let own = try rig.adapter().read(.segment(device.device, number), nil)
      #expect(try rig.adapter().read(path, nil) == own)
    }
    let record = try #require(
      ArchiveRecord(try rig.adapter().read(.archiveRecord(device.device, device.session), nil)))
    #expect(record.segments == device.numbers.count && record.missing == [])
    let state = try await hash(rig, device)
    #expect(state["state"] == "ready" && state["expires_ms"] == String(record.expires.milliseconds))
    let score = try await rig.frames.command("ZSCORE", "frames:archives", device.archive.description).text
    #expect(score.flatMap { Double($0) } == Double(record.expires.milliseconds))
  }

  @Test("hold exactly the session's segments, linked, with their playlist and all that is known")
  func whole() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      var device = try await MadeDevice(rig)
      try await device.record(2)
      try await device.end()
      let first = device
      device.commits.startSession()
      try await device.record(3)
      #expect(try await Archiver(rig.services()).makeDue() == 1)
      try await expectComplete(rig, first)
      let own = "\(rig.folder.path)/\(StoragePath.segment(rig.device, 0))"
      let links = try FileManager.default.attributesOfItem(atPath: own)[.referenceCount] as? Int
      #expect(links == 2)
      let text = String(
        decoding: try rig.adapter().read(.archivePlaylist(rig.device, first.session), nil), as: UTF8.self)
      #expect(text.contains("#EXT-X-PLAYLIST-TYPE:VOD\n#EXT-X-TARGETDURATION:6\n#EXT-X-MEDIA-SEQUENCE:0\n"))
      #expect(text.hasSuffix("segments/seg_000001.ts\n#EXT-X-ENDLIST\n") && !text.contains("#EXT-X-DISCONTINUITY\n"))
      let json = try JSONParser.parse(try rig.adapter().read(.archiveRecord(rig.device, first.session), nil))
      guard case .object(let members) = json else { throw Missing("an object") }
      #expect(
        members.map(\.0) == [
          "version", "session_id", "client_id", "device_id", "owner_client_id", "status", "started_at", "ended_at",
          "duration_seconds", "playable_seconds", "first_segment_number", "last_segment_number", "segment_count",
          "frame_count", "bytes", "archive_path", "missing", "created_at", "expires_at",
        ])
      let fields = Dictionary(members) { first, _ in first }
      #expect(fields["duration_seconds"] == .number(11) && fields["playable_seconds"] == .number(12))
      #expect(fields["client_id"] == .string("c1") && fields["frame_count"] == .integer(Int64(2)))
      #expect(try await Archiver(rig.services()).makeDue() == 0)
    }
  }

  @Test("A segment that is missing is named, and its gap is marked")
  func gap() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let device = try await ended(rig)
      try rig.adapter().delete(.segment(rig.device, 1))
      #expect(try await Archiver(rig.services()).makeDue() == 1)
      let bytes = try rig.adapter().read(.archiveRecord(rig.device, device.session), nil)
      let record = try #require(ArchiveRecord(bytes))
      #expect(record.missing == [1] && record.segments == 3)
      let text = String(
        decoding: try rig.adapter().read(.archivePlaylist(rig.device, device.session), nil), as: UTF8.self)
      let gap = "seg_000000.ts\n#EXT-X-DISCONTINUITY\n"
      #expect(text.contains(gap) && text.components(separatedBy: "#EXT-X-DISCONTINUITY\n").count == 2)
    }
  }

  @Test(
    "A maker that dies at any step leaves what the next one finishes",
    arguments: [TroubledAdapter.Trouble.death, .lastCall], 0..<8)
  func death(trouble: TroubledAdapter.Trouble, place: Int) async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let device = try await ended(rig)
      let connection = try await rig.frames.connection()
      let settings = rig.store.settings
      let dying = FrameStore(connection: connection, settings: settings)
      let adapter = TroubledAdapter(try rig.adapter(), trouble, at: place) {
        // The storage's thread waits until Redis is gone too.
        waiting { await connection.close() }
      }
      let made = (try? await Archiver(rig.services(store: dying, adapter: adapter)).makeDue()) ?? 0
      #expect(made == (adapter.hasHappened ? 0 : 1))
      rig.frames.advance(.seconds(31))
      #expect(try await Archiver(rig.services()).makeDue() == 1 - made)
      try await expectComplete(rig, device)
    }
  }

  @Test(
    "What a maker leaves that dies in a copy or in the writing of a file goes with a sweep", arguments: [0, 3, 5, 6],
    [true, false])
  func torn(place: Int, isSweptBefore: Bool) async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let device = try await ended(rig)
      let connection = try await rig.frames.connection()
      let dying = FrameStore(connection: connection, settings: rig.store.settings)
      let adapter = TroubledAdapter(try rig.adapter(), .torn, at: place) { waiting { await connection.close() } }
      #expect(((try? await Archiver(rig.services(store: dying, adapter: adapter)).makeDue()) ?? 0) == 0)
      let folder = StoragePath.archive(rig.device, device.session)
      func left() throws -> Int {
        let names = try rig.names(folder) + rig.names(.archiveSegments(rig.device, device.session))
        return names.filter { StoragePath.isTemporary($0) }.count
      }
      rig.frames.advance(.seconds(31))
      var sweeper = RecordingSweeper(try rig.services())
      if isSweptBefore { #expect(await sweeper.sweep().orphansDeleted == 0) }
      #expect(try await Archiver(rig.services()).makeDue() == 1)
      #expect(try left() == 1)
      rig.frames.advance(.seconds(3_800))
      #expect(await sweeper.sweep().orphansDeleted == 1)
      try await expectComplete(rig, device)
    }
  }

  @Test("An archive that does not change is looked through once")
  func unchanged() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let device = try await ended(rig)
      #expect(try await Archiver(rig.services()).makeDue() == 1)
      let looks = Mutex(0)
      let folder = StoragePath.archiveSegments(rig.device, device.session)
      let adapter = TroubledAdapter(
        try rig.adapter(), .full, at: .max, onList: { path in if path == folder { looks.withLock { $0 += 1 } } })
      var sweeper = RecordingSweeper(try rig.services(adapter: adapter))
      for count in [1, 2, 2] {
        rig.frames.advance(.seconds(4_000))
        #expect(await sweeper.sweep().errors == [])
        #expect(looks.withLock { $0 } == count)
      }
    }
  }

  @Test("A disk that is full leaves no folder; the session waits and is tried again", arguments: [0, 2, 5, 6])
  func full(place: Int) async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let device = try await ended(rig)
      let adapter = TroubledAdapter(try rig.adapter(), .full, at: place)
      #expect(try await Archiver(rig.services(adapter: adapter)).makeDue() == 0)
      #expect(try rig.names(.archives(rig.device)) == [])
      #expect(try await hash(rig, device)["state"] == "ended")
      #expect(try await hash(rig, device)["error"]?.isEmpty == false)
      #expect(try await Archiver(rig.services()).makeDue() == 0)
      rig.frames.advance(.seconds(61))
      #expect(try await Archiver(rig.services()).makeDue() == 1)
      try await expectComplete(rig, device)
    }
  }

  @Test("Two makers at once make one archive")
  func two() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let device = try await ended(rig, 20)
      let archiver = try Archiver(rig.services())
      async let first = archiver.make(device.archive)
      async let second = archiver.make(device.archive)
      let ready = await [first, second]
      #expect(ready.filter { $0 }.count == 1)
      try await expectComplete(rig, device)
    }
  }

  @Test("A maker that was paused for longer than its claim harms nothing")
  func paused() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let device = try await ended(rig)
      guard case .begun(let first) = try await rig.store.beginArchive(device.archive) else { throw Missing("a try") }
      #expect(try await rig.store.beginArchive(device.archive) == .refused)
      rig.frames.advance(.seconds(31))
      guard case .begun(let second) = try await rig.store.beginArchive(device.archive) else { throw Missing("a try") }
      #expect(second.tries == first.tries + 1)
      #expect(try await !rig.store.archive(device.archive, tries: first.tries, .hold))
      let expires = FrameTime(milliseconds: 5)
      #expect(try await !rig.store.archive(device.archive, tries: first.tries, .ready(expires: expires)))
      #expect(try await rig.store.archive(device.archive, tries: second.tries, .hold))
    }
  }

  @Test("What an unmounted storage does not show is not missing")
  func unmounted() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let device = try await ended(rig)
      let empty = try fixture.temporaryFolder("empty")
      let other = try FileAdapter(base: empty.path)
      #expect(try await Archiver(rig.services(adapter: other)).makeDue() == 0)
      #expect(try FileManager.default.contentsOfDirectory(atPath: empty.path) == [])
      rig.frames.advance(.seconds(61))
      #expect(try await Archiver(rig.services()).makeDue() == 1)
      try await expectComplete(rig, device)
    }
  }

  @Test("240 segments take a second at most, and no space to speak of")
  func many() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      let device = try await ended(rig, 240)
      let picture = [UInt8](repeating: 0x47, count: 188 * 500)
      for number in device.numbers { try rig.adapter().put(picture, at: .segment(rig.device, number), replaces: true) }
      let before = try disk(rig.folder.path)
      let start = ContinuousClock.now
      #expect(try await Archiver(rig.services()).makeDue() == 1)
      let took = ContinuousClock.now - start
      #expect(took <= .seconds(1), "it took \(took)")
      let more = try disk(rig.folder.path) - before
      #expect(more <= 1 << 20, "\(more) bytes")
    }
  }

  /// Each file once, whatever names it has.
  private func disk(_ folder: String) throws -> Int {
    var seen: Set<Int> = []
    var bytes = 0
    guard let walk = FileManager.default.enumerator(atPath: folder) else { throw Missing("a folder") }
    for case let name as String in walk {
      var status = stat()
      guard lstat("\(folder)/\(name)", &status) == 0, seen.insert(Int(status.st_ino)).inserted else { continue }
      bytes += Int(status.st_blocks) * 512
    }
    return bytes
  }
}
