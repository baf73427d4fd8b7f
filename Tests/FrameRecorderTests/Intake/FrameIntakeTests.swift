import Foundation
import FrameRecorder
import Observability
import TestKit
import Testing

@Suite("Frames on their way in", .timeLimit(.minutes(2))) struct FrameIntakeTests {
  private let garbage = Array("not a picture, whatever it is called".utf8)

  private func pictures(_ numbers: ClosedRange<Int>) async throws -> [[UInt8]] {
    try await FrameMaker.pictures(numbers, width: 64, height: 64)
  }

  private func code(_ work: () async throws -> [FrameAnswer]) async -> IntakeError.Code? {
    do {
      _ = try await work()
      return nil
    } catch {
      return (error as? IntakeError)?.code
    }
  }

  /// Event ids of those that were accepted.
  private func ids(_ answers: [FrameAnswer]) -> [String] {
    answers.compactMap { if case .accepted(let id, _) = $0 { id } else { nil } }
  }

  @Test("each is a whole file and an entry, in their order, whether its device was known while it came or not")
  func accepted() async throws {
    let pictures = try await pictures(1...3)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture)
      let intake = rig.intake()
      for device in [rig.frames.device, nil] {
        let before = try await rig.events().count
        let uploads = try await rig.upload(
          intake, [pictures[0], garbage, [], pictures[1], pictures[2]], device: device)
        // Until it is accepted there are temporary files only.
        #expect(rig.files.filter { $0.hasSuffix(".tmp") }.count == 3)
        let answers = try await intake.accept(rig.request(), uploads.frames, requestID: "r1")
        guard case .accepted = answers[0], answers[1] == .refused(.notAnImage), answers[2] == .refused(.empty) else {
          throw Missing("answers: \(answers)")
        }
        #expect(ids(answers).count == 3)
        let events = try await rig.events().dropFirst(before).map { try FrameEvent.parse(Array($0.utf8)) }
        #expect(events.map(\.eventID) == ids(answers))
        for (event, picture) in zip(events, pictures) {
          #expect(event.framePath == "client_ids/c1/device_id/d1/frames/\(event.eventID).jpg")
          #expect(try readFile(rig.folder.file(event.framePath)) == picture)
          #expect(event.device == rig.frames.device && event.rawClientID == "c1" && event.requestID == "r1")
          #expect(event.capture.milliseconds == 1_795_219_200_000)
          #expect(event.requestTime?.milliseconds == 1_795_219_200_500)
        }
        #expect(!rig.files.contains { $0.hasSuffix(".tmp") })
      }
    }
  }

  @Test("a repeated request gets the first event ids and leaves no second file")
  func repeated() async throws {
    let pictures = try await pictures(1...2)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture)
      let intake = rig.intake()
      var answers: [[FrameAnswer]] = []
      for _ in 0..<2 {
        let uploads = try await rig.upload(intake, pictures, device: rig.frames.device)
        answers.append(try await intake.accept(rig.request(key: "k1"), uploads.frames, requestID: "r1"))
      }
      #expect(answers[0] == answers[1] && ids(answers[0]).count == 2)
      #expect(try await rig.events().count == 2)
      #expect(rig.files.count == 2)
      // Another device's key, or another key, is another request.
      for (device, key) in [("d2", "k1"), ("d1", "k2")] {
        let uploads = try await rig.upload(intake, [pictures[0]], device: nil)
        let other = try await intake.accept(rig.request("c1", device, key: key), uploads.frames, requestID: "r1")
        #expect(!ids(answers[0]).contains(ids(other)[0]))
      }
      #expect(try await rig.events().count == 4)
      // When the first is forgotten the key is new, and so is the file's name.
      _ = try await rig.frames.command("FLUSHALL")
      let uploads = try await rig.upload(intake, pictures, device: rig.frames.device)
      let later = try await intake.accept(rig.request(key: "k1"), uploads.frames, requestID: "r1")
      #expect(Set(ids(later)).isDisjoint(with: ids(answers[0])) && ids(later).count == 2)
    }
  }

  @Test("another client of the same folder is refused, and nothing of it stays")
  func collision() async throws {
    let pictures = try await pictures(1...1)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture)
      let intake = rig.intake()
      _ = try await rig.frames.command("HSET", "frames:device:a_b:x", "client", "a.b", "device", "x")
      let uploads = try await rig.upload(intake, pictures, device: nil)
      let refused = await code { try await intake.accept(rig.request("a_b", "x"), uploads.frames, requestID: "r1") }
      #expect(refused == .clientCollision("a.b"))
      #expect(rig.files == [])
      let own = try await rig.upload(intake, pictures, device: nil)
      #expect(ids(try await intake.accept(rig.request("a.b", "x"), own.frames, requestID: "r1")).count == 1)
    }
  }

  @Test("a device whose folder is a link is the one that it leads to")
  func shared() async throws {
    let pictures = try await pictures(1...1)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture)
      let intake = rig.intake()
      let manager = FileManager.default
      try manager.createDirectory(
        atPath: rig.folder.file("client_ids/c1/device_id/d_1/frames"), withIntermediateDirectories: true)
      try manager.createDirectory(atPath: rig.folder.file("client_ids/c2/device_id"), withIntermediateDirectories: true)
      try manager.createSymbolicLink(
        atPath: rig.folder.file("client_ids/c2/device_id/d9"),
        withDestinationPath: rig.folder.file("client_ids/c1/device_id/d_1"))
      _ = try await rig.frames.command("HSET", "frames:device:c1:d_1", "client", "c1", "device", "d/1")
      for device in [DevicePair("c2:d9"), nil] {
        let uploads = try await rig.upload(intake, pictures, device: device)
        let answers = try await intake.accept(rig.request("c2", "d9"), uploads.frames, requestID: "r1")
        #expect(ids(answers).count == 1)
      }
      for event in try await rig.events().map({ try FrameEvent.parse(Array($0.utf8)) }) {
        #expect(event.rawClientID == "c2" && event.rawDeviceID == "d9")
        #expect(event.framePath.hasPrefix("client_ids/c1/device_id/d_1/frames/"))
        #expect(try readFile(rig.folder.file(event.framePath)) == pictures[0])
      }
    }
  }

  @Test("where nothing can be accepted nothing stays: backlogs, a full Redis, one that is away")
  func refused() async throws {
    let pictures = try await pictures(1...2)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture, arguments: ["--maxmemory-policy", "noeviction"])
      let intake = rig.intake { $0.limits = IntakeLimits(partition: 1, device: 5) }
      func refusal(_ key: String? = nil, _ intake: FrameIntake) async throws -> IntakeError? {
        let uploads = try await rig.upload(intake, pictures, device: rig.frames.device)
        do {
          _ = try await intake.accept(rig.request(key: key), uploads.frames, requestID: "r1")
          return nil
        } catch {
          return error as? IntakeError
        }
      }
      // The first of two is accepted, and the client learns of it.
      let partly = try #require(try await refusal("k1", intake))
      #expect(partly.code == .backlog(1))
      #expect(partly.frames.map(\.isAccepted) == [true, false])
      let files = rig.files
      #expect(files.count == 1)
      #expect(try await refusal(nil, intake)?.code == .backlog(1))
      _ = try await rig.frames.command("HSET", "frames:device:c1:d1", "backlog", "5")
      #expect(try await refusal(nil, rig.intake { $0.limits = IntakeLimits(device: 5) })?.code == .deviceBacklog(5))
      _ = try await rig.frames.command("CONFIG", "SET", "maxmemory", "1")
      #expect(try await refusal("k2", rig.intake { $0.limits = IntakeLimits() })?.code == .storeUnavailable)
      _ = try await rig.frames.command("CONFIG", "SET", "maxmemory", "0")
      #expect(rig.files == files)
      _ = try await rig.frames.command("HSET", "frames:config", "partitions", "2")
      #expect(try await refusal("k4", rig.intake { $0.limits = IntakeLimits() })?.code == .storeUnavailable)
      try await rig.frames.server.kill()
      #expect(try await refusal("k3", intake)?.code == .storeUnavailable)
      #expect(rig.files == files)
    }
  }

  @Test("a storage without space refuses, keeps no part of a frame, and takes the next when there is space")
  func full() async throws {
    let pictures = try await pictures(1...2)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture)
      let intake = rig.intake()
      let uploads = try await rig.upload(intake, [pictures[0]], device: rig.frames.device)
      #expect(uploads.begin(nil))
      _ = try await uploads.write(pictures[1].prefix(500))
      rig.space.isFull = true
      await #expect(throws: IntakeError.self) { _ = try await uploads.write(pictures[1].dropFirst(500)) }
      await uploads.discard()
      #expect(rig.files == [] && uploads.frames == [])
      rig.space.isFull = false
      // It fills up between the writing and the naming.
      let late = try await rig.upload(intake, pictures, device: rig.frames.device)
      rig.space.isFull = true
      let refused = await code { try await intake.accept(rig.request(), late.frames, requestID: "r1") }
      #expect(refused == .storageLow)
      #expect(try await rig.events() == [] && rig.files == [])
      rig.space.isFull = false
      let again = try await rig.upload(intake, pictures, device: rig.frames.device)
      #expect(ids(try await intake.accept(rig.request(), again.frames, requestID: "r1")).count == 2)
    }
  }

  @Test("frames have their limits in bytes, pixels and number")
  func limits() async throws {
    let pictures = try await pictures(1...1)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture)
      let small = rig.intake { $0.maxFrameBytes = pictures[0].count }
      let uploads = small.uploads("r1")
      #expect(uploads.begin(nil))
      #expect(try await uploads.write(pictures[0][...]))
      #expect(try await !uploads.write([0]))
      await uploads.discard()
      #expect(rig.files == [])
      let coarse = rig.intake { $0.maxPixels = 64 * 64 - 1 }
      #expect(try await rig.upload(coarse, pictures, device: nil).frames == [.refused(.tooLarge)])
      let few = try await rig.upload(rig.intake { $0.maxFrames = 1 }, [garbage], device: nil)
      #expect(!few.begin(nil))
    }
  }

  @Test("what a worker that died has left of a request goes after an hour")
  func left() async throws {
    let pictures = try await pictures(1...1)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture)
      _ = try await rig.upload(rig.intake(), pictures, device: nil)
      let name = try #require(rig.files.first)
      #expect(rig.files.count == 1 && name.hasPrefix(".incoming/."))
      let sweep = IncomingSweep(storage: rig.storage, logger: Logger(level: .debug, sink: rig.frames.sink))
      let now = FrameTime.wallClock
      await sweep.sweep(now: now.advanced(byMilliseconds: 3_500_000))
      #expect(rig.files.count == 1)
      await sweep.sweep(now: now.advanced(byMilliseconds: 3_700_000))
      #expect(rig.files == [])
    }
  }

  @Test("links lead from what a client calls its frames to them")
  func links() async throws {
    let pictures = try await pictures(1...1)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture)
      func send(_ device: String, _ intake: FrameIntake) async throws {
        var form = IntakeForm()
        for (field, text) in [
          (IntakeField.deviceID, device), (.clientID, "c1"), (.timestamp, "1795219200"), (.secondaryKey, "truck/7"),
          (.requestID, "q1"),
        ] { form.set(field, Array(text.utf8)) }
        let request = try form.request(
          IntakeSender(requestID: "r1"), received: FrameTime(milliseconds: 1_795_219_200_500), frames: 1)
        let uploads = try await rig.upload(intake, pictures, device: nil)
        _ = try await intake.accept(request, uploads.frames, requestID: "r1")
      }
      func target(_ link: String) -> String? {
        try? FileManager.default.destinationOfSymbolicLink(atPath: rig.folder.file("client_ids/c1/\(link)"))
      }
      try await send("d1", rig.intake())
      #expect(target("secondary_key/truck_7") == "../device_id/d1/frames")
      #expect(target("request_id/q1") == nil)
      let found = try FileManager.default.contentsOfDirectory(
        atPath: rig.folder.file("client_ids/c1/secondary_key/truck_7/"))
      #expect(found.count == 1)
      // The newest device has the key.
      try await send("d2", rig.intake { $0.makesRequestLinks = true })
      #expect(target("secondary_key/truck_7") == "../device_id/d2/frames")
      #expect(target("request_id/q1") == "../device_id/d2/frames")
    }
  }

  @Test("a cancelled task does not leave a frame half accepted")
  func cancelled() async throws {
    let pictures = try await pictures(1...2)
    try await withFixture { fixture in
      let rig = try await IntakeRig(fixture)
      let intake = rig.intake()
      let uploads = try await rig.upload(intake, pictures, device: rig.frames.device)
      let (request, frames) = (try rig.request(), uploads.frames)
      let work = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return try await intake.accept(request, frames, requestID: "r1")
      }
      #expect(ids(try await work.value).count == 2)
      #expect(try await rig.events().count == 2 && rig.files.count == 2)
    }
  }
}
