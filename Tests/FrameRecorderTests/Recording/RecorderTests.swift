import Cluster
import Foundation
import FrameEncoding
import FrameRecorder
import Identifiers
import Observability
import Synchronization
import TestKit
import Testing
import TransportStream

@Suite("The recorder", .timeLimit(.minutes(3))) struct RecorderTests {
  private func names(_ range: ClosedRange<Int>) -> [String] { range.map { "f\($0)" } }

  private func logged(_ rig: RecorderRig, _ message: String) -> Int {
    rig.frames.sink.messages.count { $0 == message }
  }

  @Test("makes segments of frames, lists them and writes the playlist")
  func records() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let encoder = ListingEncoder(rig.base)
      _ = try await rig.start(try await rig.services(encoder))
      for number in 1...7 { try await rig.send(number) }
      try await soon("three segments") { try await rig.store.segments(rig.device).count == 3 }
      #expect(try await rig.listed() == names(1...6))
      let segments = try await rig.store.segments(rig.device)
      #expect(segments.map(\.number) == [0, 1, 2] && segments.map(\.pts) == [90_000, 270_000, 450_000])
      #expect(Set(segments.map(\.session)).count == 1 && segments.allSatisfy { $0.frames == 2 })
      #expect(try await rig.waiting() == 1)
      let expected = DevicePlaylist.render(segments, .live, target: 6)
      try await soon("the playlist file") { (try? rig.adapter().read(.playlist(rig.device), nil)) == expected }
      let jobs = encoder.jobs
      let session = GeometryRule.session(PictureSize(width: 64, height: 64))
      #expect(jobs.map(\.geometry) == [.firstFrame(maxWidth: 1_920, upscales: false), session, session])
      let counters = [PIDContinuity(pid: 0, counter: 1)]
      #expect(jobs.map(\.counters) == [[], counters, counters])
      let record = try await rig.store.look(at: [(rig.device, ["f6", "f7"])])[0].get()
      #expect(record.seen == ["f6"])
      try await soon("the backlog") { try await rig.store.look(at: [(rig.device, [])])[0].get().record.backlog == 1 }
      let left = try await temporaries(rig)
      #expect(left == [])
    }
  }

  @Test("keeps the raw ids of a device's first event, and takes other raw device ids of the same folder")
  func rawIDs() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let device = try FrameRig.pair("c_1:d_1")
      _ = try await rig.start(try await rig.services(ListingEncoder(rig.base)))
      for (number, raw) in [(1, "d:1"), (2, "d/1")] {
        let path = "client_ids/c_1/device_id/d_1/frames/f\(number).jpg"
        try rig.adapter().put(Array("picture".utf8), at: try #require(StoragePath(path)))
        try await rig.send(number) { fields in
          fields = fields.filter { !["clientId", "deviceId", "framePath"].contains($0.0) }
          fields += [("clientId", "\"c.1\""), ("deviceId", "\"\(raw)\""), ("framePath", "\"\(path)\"")]
        }
      }
      try await soon("a segment") { try await rig.store.segments(device).count == 1 }
      let record = try await rig.store.look(at: [(device, [])])[0].get().record
      #expect(record.client == "c.1" && record.device == "d:1")
      let session = try #require(record.session)
      let told = try #require(try await rig.store.record(of: session, device))
      #expect(told.rawClient == "c.1" && told.rawDevice == "d:1")
    }
  }

  private func temporaries(_ rig: RecorderRig) async throws -> [String] {
    var found: [String] = []
    try rig.adapter().list(.segments(rig.device)) { entry in
      if StoragePath.isTemporary(entry.name) { found.append(entry.name) }
      return true
    }
    return found
  }

  @Test("goes on where a dead owner stopped: each frame once, in order")
  func takeover() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let hangs = Mutex(false)
      let first = ListingEncoder(rig.base) { _ in
        while hangs.withLock({ $0 }) { try? await Task.sleep(for: .milliseconds(10)) }
        return nil
      }
      let (dead, old) = try await rig.start(try await rig.services(first))
      for number in 1...4 { try await rig.send(number) }
      try await soon("two segments") { try await rig.store.segments(rig.device).count == 2 }
      hangs.withLock { $0 = true }
      for number in 5...9 { try await rig.send(number) }
      try await soon("a batch in work") { first.jobs.count == 3 }
      // A new owner, while the old one encodes.
      let (_, new) = try await rig.start(try await rig.services(ListingEncoder(rig.base)), "w2")
      try await soon("the rest") { try await rig.store.segments(rig.device).count == 4 }
      hangs.withLock { $0 = false }
      try await soon("the orphan") { try rig.adapter().look(.segment(rig.device, 2)) != nil }
      #expect(try await rig.listed() == names(1...8))
      #expect(try await rig.store.segments(rig.device).map(\.number) == [0, 1, 3, 4])
      #expect(try await rig.store.segments(rig.device).map(\.mediaSequence) == [0, 1, 2, 3])
      #expect(try await rig.waiting() == 1)
      #expect(new.owner.epoch > old.owner.epoch)
      await dead.stop()
      #expect(try await rig.listed() == names(1...8))
    }
  }

  @Test("records each frame once and in order, whenever owners die")
  func deaths() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      var generator = SeededGenerator(seed: 11)
      let pauses = (0..<64).map { _ in Int.random(in: 0...15, using: &generator) }
      let encoder = ListingEncoder(rig.base) { job in
        try? await Task.sleep(for: .milliseconds(pauses[Int(job.firstPTS / 90_000) % 64]))
        return nil
      }
      let services = try await rig.services(encoder)
      for number in 1...100 { try await rig.send(number) }
      for life in 1...12 {
        let (recorder, _) = try await rig.start(services, "w\(life)")
        try? await Task.sleep(for: .milliseconds(Int.random(in: 5...120, using: &generator)))
        if life % 3 == 0 {
          // Paused, and fenced by the next one.
          fixture.addTeardown { await recorder.stop() }
        } else {
          await recorder.stop()
        }
      }
      _ = try await rig.start(services, "last")
      try await soon("all frames") { try await rig.waiting() == 0 }
      #expect(try await rig.listed() == names(1...100))
      let segments = try await rig.store.segments(rig.device)
      #expect(segments.map(\.mediaSequence) == (0..<UInt64(segments.count)).map { $0 })
      for (last, next) in zip(segments, segments.dropFirst()) {
        #expect(next.number > last.number && next.pts == last.pts + last.duration)
      }
    }
  }

  @Test("buries what cannot be recorded, and records the rest")
  func deadLetters() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let encoder = ListingEncoder(rig.base)
      let registry = MetricsRegistry()
      let judging = JudgingEncoder(encoder) { frame in
        ListingEncoder.name(frame) == "f6" ? .bad(.undecodable, detail: "no picture") : .good(truncated: false)
      }
      _ = try await rig.start(try await rig.services(judging, registry: registry))
      guard case .success(.added(let garbage)) = try await rig.store.add([IntakeFrame(rig.device, event: "{]")])[0]
      else { throw Missing("an entry") }
      let invalid = try await rig.send(1) { $0.removeAll { $0.0 == "timestamp" } }
      let outside = try await rig.send(2) { $0[4].1 = "\"client_ids/c2/x.jpg\"" }
      let remote = try await rig.send(3) { $0[4].1 = "\"gs://bucket/x.jpg\"" }
      let good = try await rig.send(4) { $0.append(("location", "{\"lat\":91,\"lon\":0}")) }
      let picture = try await rig.send(6)
      try await soon("the segment") { try await rig.store.segments(rig.device).count == 1 }
      try await soon("the dead letters") { try await rig.dead().count == 5 }
      #expect(
        try await rig.dead() == [
          "\(garbage)": "json", "\(invalid)": "invalid", "\(outside)": "path", "\(remote)": "unsupported-storage",
          "\(picture)": "undecodable",
        ])
      #expect(try await rig.listed() == ["f4"] && good < picture)
      let text = registry.render()
      for line in [
        "stream_processor_frames_received_total 6", "stream_processor_segments_generated_total 1",
        "millrace_frames_recorded_total 1", "millrace_frames_dead_letters_total{reason=\"undecodable\"} 1",
        "millrace_frames_dead_letters_total{reason=\"json\"} 1",
        "stream_processor_errors_total{error_type=\"json_parse\"} 2",
        "stream_processor_errors_total{error_type=\"processing\"} 3", "millrace_frames_invalid_location_total 1",
        "millrace_frames_partitions_owned 1",
      ] {
        #expect(text.contains(line + "\n"), "\(line)")
      }
      // The names of the reference are kept.
      #expect(registry.namingProblems().filter { !$0.hasPrefix("stream_processor_") } == [])
    }
  }

  @Test("refuses another client in the same folder")
  func collision() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      _ = try await rig.start(try await rig.services(ListingEncoder(rig.base)))
      let path = "\"client_ids/c_1/x.jpg\""
      try await rig.send(1) { ($0[2].1, $0[4].1) = ("\"d_2\"", $0[4].1) }
      try await rig.send(2) { $0[2].1 = "\"d.2\"" }
      try await rig.send(3) { ($0[1].1, $0[4].1) = ("\"c.1\"", path) }
      let refused = try await rig.send(4) { ($0[1].1, $0[4].1) = ("\"c:1\"", path) }
      try await soon("the dead letter") { try await rig.dead() == ["\(refused)": "client-collision"] }
      // Raw device ids may differ.
      let pair = try FrameRig.pair("c1:d_2")
      try await soon("the segment") { try await rig.store.segments(pair).count == 1 }
    }
  }

  @Test("finds the frame that kills encoders; other devices do not wait for it")
  func killer() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let encoder = ListingEncoder(
        rig.base,
        answer: { job in
          job.frames.contains { ListingEncoder.name($0) == "f2" } ? .failed("signal 11") : nil
        },
        prober: { ListingEncoder.name($0) == "f2" ? .killed("signal 11") : .survived })
      _ = try await rig.start(try await rig.services(encoder, encoders: 1) { $0.batch.mostTries = 1 })
      let bad = try await (rig.send(1), rig.send(2)).1
      let other = try FrameRig.pair("c1:d9")
      for number in 3...4 { try await rig.send(number) { $0[2].1 = "\"d9\"" } }
      try await soon("the other device") { try await rig.store.segments(other).count == 1 }
      #expect(try await rig.store.segments(rig.device).isEmpty)
      try await soon("the good frame") { try await rig.listed() == ["f1"] }
      #expect(try await rig.dead() == ["\(bad)": "decoder-crash"])
      #expect(try await rig.frames.command("EXISTS", "frames:tries:\(rig.frames.partition)").integer == 0)
    }
  }

  @Test("gives a batch up that cannot be encoded at all, and goes on")
  func hopeless() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let encoder = ListingEncoder(rig.base) { job in
        job.frames.contains { ListingEncoder.name($0) == "f2" } ? .failed("x264") : nil
      }
      _ = try await rig.start(try await rig.services(encoder) { $0.batch.mostTries = 1 })
      for number in 1...4 { try await rig.send(number) }
      try await soon("the next batch") { try await rig.listed() == ["f3", "f4"] }
      let dead = try await rig.dead()
      #expect(Set(dead.values) == ["encoder-failed"] && dead.count == 2)
      #expect(encoder.jobs.count == 3)
      #expect(try await rig.waiting() == 0)
    }
  }

  @Test("records an event once, however often it comes")
  func duplicates() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      _ = try await rig.start(try await rig.services(ListingEncoder(rig.base)))
      for number in [1, 1, 2, 1] { try await rig.send(number) }
      try await soon("a segment") { try await rig.listed() == ["f1", "f2"] }
      for number in [2, 3, 1, 4, 3] { try await rig.send(number) }
      try await soon("two segments") { try await rig.store.segments(rig.device).count == 2 }
      try await soon("nothing more") { try await rig.waiting() == 0 }
      #expect(try await rig.listed() == ["f1", "f2", "f3", "f4"])
      #expect(try await rig.dead().isEmpty)
    }
  }

  @Test("leaves the tail to the next owner, unless there is none")
  func leave() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let services = try await rig.services(ListingEncoder(rig.base))
      let (first, owned) = try await rig.start(services)
      for number in 1...3 { try await rig.send(number) }
      try await soon("a segment") { try await rig.store.segments(rig.device).count == 1 }
      await first.leave(owned, flushes: false)
      #expect(try await rig.waiting() == 1)
      let (second, next) = try await rig.start(services, "w2")
      for number in 4...5 { try await rig.send(number) }
      try await soon("a segment") { try await rig.store.segments(rig.device).count == 2 }
      #expect(try await rig.listed() == names(1...4))
      try await rig.send(6) { $0[2].1 = "\"d9\"" }
      await second.leave(next, flushes: true)
      #expect(try await rig.listed() == names(1...5))
      #expect(try await rig.waiting() == 0)
      #expect(try await rig.store.segments(try FrameRig.pair("c1:d9")).count == 1)
    }
  }

  @Test("never writes over a file: it takes the next number")
  func taken() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      _ = try await rig.frames.owner(rig.store, "w0")
      try rig.adapter().put(Array("old\n".utf8), at: .segment(rig.device, 0))
      try rig.adapter().put(Array("old\n".utf8), at: .segment(rig.device, 7))
      _ = try await rig.start(try await rig.services(ListingEncoder(rig.base)))
      for number in 1...4 { try await rig.send(number) }
      try await soon("two segments") { try await rig.store.segments(rig.device).count == 2 }
      #expect(try await rig.store.segments(rig.device).map(\.number) == [8, 9])
      #expect(try await rig.listed() == names(1...4))
      #expect(try rig.adapter().read(.segment(rig.device, 0), nil) == Array("old\n".utf8))
      #expect(try await temporaries(rig) == [])
    }
  }

  @Test("imports a recording that Redis has lost, and goes on behind it")
  func lost() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let services = try await rig.services(ListingEncoder(rig.base))
      let (first, owned) = try await rig.start(services)
      for number in 1...4 { try await rig.send(number) }
      try await soon("two segments") { try await rig.store.segments(rig.device).count == 2 }
      let before = try await rig.store.segments(rig.device)
      let text = DevicePlaylist.render(before, .live, target: 6)
      try await soon("the playlist file") { (try? rig.adapter().read(.playlist(rig.device), nil)) == text }
      await first.leave(owned, flushes: false)
      try await rig.frames.server.flush()
      _ = try await rig.start(services, "w2")
      for number in 5...6 { try await rig.send(number) }
      try await soon("three segments") { try await rig.store.segments(rig.device).count == 3 }
      let after = try await rig.store.segments(rig.device)
      #expect(after.map(\.number) == [0, 1, 2] && after.map(\.mediaSequence) == [0, 1, 2])
      #expect(after.map(\.discontinuitySequence) == [0, 0, 1])
      #expect(after.prefix(2).map(\.captureStart) == before.map(\.captureStart))
      #expect(try await rig.listed() == names(1...6))
    }
  }

  @Test("takes a recording of the reference over, with the durations that its media has")
  func reference() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let segments = StoragePath.segments(rig.device)
      try rig.adapter().create(segments)
      // PTS go on from 17 to 18, and begin anew at 21.
      for (number, frames, start) in [(17, 7, 1), (18, 1, 8), (21, 3, 1)] {
        try await FFmpegTool.succeed(
          "ffmpeg",
          [
            "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=1", "-frames:v", String(frames), "-c:v",
            "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-mpegts_copyts", "1", "-output_ts_offset",
            String(start), "-f", "mpegts", "\(rig.base)/\(segments)/seg_0000\(number).ts",
          ])
      }
      for (number, bytes) in [(19, []), (20, Array(repeating: UInt8(0x47), count: 18_800)), (22, [1, 2, 3])] {
        try rig.adapter().put(bytes, at: .segment(rig.device, UInt64(number)))
      }
      try rig.adapter().put(Array("#EXTM3U\nseg_000017.ts\n".utf8), at: .playlist(rig.device))
      _ = try await rig.frames.command("SET", "hls:seq:c1:d1", "19")
      _ = try await rig.frames.command("ZADD", "hls:segments:c1:d1", "1795219200.25", "17", "1795219206", "18")
      _ = try await rig.start(try await rig.services(FFmpegEncoder(rig.base)))
      for number in 1...2 { try await rig.send(number) }
      try await soon("the next segment") { try await rig.store.segments(rig.device).count == 4 }
      let found = try await rig.store.segments(rig.device)
      #expect(found.map(\.number) == [17, 18, 21, 23] && found.map(\.mediaSequence) == [17, 18, 19, 20])
      #expect(found.map(\.duration) == [630_000, 90_000, 270_000, 180_000])
      #expect(found.map(\.pts) == [90_000, 720_000, 90_000, 90_000])
      #expect(found.map(\.discontinuitySequence) == [0, 0, 1, 2])
      #expect(found[0].captureStart == FrameTime(milliseconds: 1_795_219_200_250))
      // No listed segment is longer.
      try await soon("the playlist") { try rig.playlist().contains("#EXT-X-TARGETDURATION:7\n") }
      #expect(try rig.playlist().contains("#EXTINF:7.000,\n"))
    }
  }

  @Test("removes the files of frames that are recorded, where it is told to")
  func unlinks() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let judging = JudgingEncoder(ListingEncoder(rig.base)) { frame in
        ListingEncoder.name(frame) == "f2" ? .bad(.undecodable, detail: "no picture") : .good(truncated: false)
      }
      _ = try await rig.start(try await rig.services(judging) { $0.unlinksFrames = true })
      for number in 1...5 { try await rig.send(number) }
      // A bad one can be looked at, and one that waits is needed.
      try await soon("the others to go") {
        var left: [String] = []
        try rig.adapter().list(.frames(rig.device)) { entry in
          left.append(entry.name)
          return true
        }
        return left.sorted() == ["f2.jpg", "f5.jpg"]
      }
      #expect(try await rig.listed() == ["f1", "f3", "f4"])
    }
  }

  @Test("keeps only the ids of what it has no room for, and records all in order")
  func postponed() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let services = try await rig.services(ListingEncoder(rig.base)) { $0.cut.mostHeld = 4 }
      for number in 1...60 { try await rig.send(number) }
      _ = try await rig.start(services)
      try await soon("all frames") { try await rig.store.segments(rig.device).count == 30 }
      #expect(try await rig.listed() == names(1...60))
    }
  }

  @Test("lets a device wait whose keys are another program's, and no other")
  func foreignKeys() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let bad = try FrameRig.pair("c1:d2")
      let keys = ["frames:device:\(bad)", "frames:seen:\(bad)", "frames:log:\(bad)"]
      for (at, key) in keys.enumerated() {
        _ = try await rig.frames.command("SET", key, "x")
        let services = try await rig.services(ListingEncoder(rig.base))
        let (recorder, owned) = try await rig.start(services, "w\(at)")
        for number in 1...4 {
          let own = 10 * at + number
          try await rig.send(own) { if number % 2 == 0 { $0[2].1 = "\"d2\"" } }
        }
        try await soon("the other device") { try await rig.store.segments(rig.device).count == at + 1 }
        _ = try await rig.frames.command("DEL", key)
        try await soon("the device itself") { try await rig.waiting() == 0 }
        await recorder.leave(owned, flushes: false)
      }
      #expect(try await rig.listed() == ["f1", "f3", "f11", "f13", "f21", "f23"])
      #expect(try await rig.dead().isEmpty)
    }
  }

  @Test("buries no frame as missing while the storage is away, and writes nothing where it was")
  func storageAway() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let (clients, aside) = (rig.folder.file("client_ids"), rig.folder.file("aside"))
      let isFirst = Mutex(true)
      let encoder = ListingEncoder(rig.base) { job in
        guard ListingEncoder.name(job.frames[0]) == "f3" else { return nil }
        let isFirst = isFirst.withLock { isFirst in
          defer { isFirst = false }
          return isFirst
        }
        guard isFirst else { return nil }
        try? FileManager.default.moveItem(atPath: clients, toPath: aside)
        return .made(job.frames.map { _ in .bad(.missing, detail: "no such file") }, nil)
      }
      let registry = MetricsRegistry()
      let services = try await rig.services(encoder, registry: registry) { $0.batch.fileWait = .zero }
      for number in 1...4 { try await rig.send(number) }
      _ = try await rig.start(services)
      try await soon("two tries") { logged(rig, "a segment was not encoded") > 1 }
      services.playlists?.changed(rig.device)
      try await soon("a playlist") { logged(rig, "a playlist file was not written") > 0 }
      #expect(try FileManager.default.contentsOfDirectory(atPath: rig.base) == ["aside"])
      let text = registry.render()
      #expect(text.contains("error_type=\"storage\"") && !text.contains("error_type=\"ffmpeg\""))
      try FileManager.default.moveItem(atPath: aside, toPath: clients)
      try await soon("the frames") { try await rig.listed() == names(1...4) }
      #expect(try await rig.dead().isEmpty)
    }
  }

  @Test("does not bury a frame as missing that is there")
  func thereAllTheSame() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let encoder = ListingEncoder(rig.base)
      let looks = Mutex(0)
      let judging = JudgingEncoder(encoder) { frame in
        let look = looks.withLock { looks in
          looks += 1
          return looks
        }
        return look > 2 ? .good(truncated: false) : .bad(.missing, detail: "no such file")
      }
      let services = try await rig.services(judging) { $0.batch.fileWait = .zero }
      for number in 1...2 { try await rig.send(number) }
      _ = try await rig.start(services)
      try await soon("the frames") { try await rig.listed() == names(1...2) }
      #expect(try await rig.dead().isEmpty)
    }
  }

  @Test("leaves at once while a batch waits for its next try, and does not try again")
  func leaveInPause() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let encoder = ListingEncoder(rig.base) { _ in .prevented("no space") }
      let (recorder, owned) = try await rig.start(try await rig.services(encoder))
      for number in 1...2 { try await rig.send(number) }
      // The next one is 4 s later.
      try await soon("the third try") { encoder.jobs.count == 3 }
      try await soon("its end") { logged(rig, "a segment was not encoded") == 3 }
      let start = ContinuousClock.now
      await recorder.leave(owned, flushes: false)
      #expect(encoder.jobs.count == 3 && ContinuousClock.now - start < .seconds(3))
      #expect(try await rig.waiting() == 2)
    }
  }

  @Test("writes the playlist file that a dead owner has not, however old the frames were")
  func mended() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      for number in 1...2 { try await rig.send(number) }
      rig.frames.advance(.seconds(3_600))
      var services = try await rig.services(ListingEncoder(rig.base))
      let writer = services.playlists
      services.playlists = nil
      let (first, _) = try await rig.start(services)
      try await soon("a segment") { try await rig.store.segments(rig.device).count == 1 }
      await first.stop()
      #expect(try rig.adapter().look(.playlist(rig.device)) == nil)
      // And nobody was there for long.
      rig.frames.advance(.seconds(3_600))
      services.playlists = writer
      _ = try await rig.start(services, "w2")
      try await soon("the playlist file") { try rig.adapter().look(.playlist(rig.device)) != nil }
    }
  }

  @Test("tells how long frames wait that it cannot place or does not read")
  func tellsOldest() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let registry = MetricsRegistry()
      _ = try await rig.frames.command("SET", "frames:device:c1:d2", "x")
      let services = try await rig.services(ListingEncoder(rig.base), registry: registry) { $0.mostPending = 1 }
      _ = try await rig.start(services)
      try await rig.send(1) { $0[2].1 = "\"d2\"" }
      try await soon("an entry in hand") { registry.render().contains("millrace_frames_pending_entries 1\n") }
      // There is no room for it.
      try await rig.send(2)
      try await soon("its age") { services.metrics.board.oldestAge ?? 0 > 3_000 }
      #expect(registry.render().contains("millrace_frames_pending_entries 1\n"))
    }
  }

  @Test("begins and commits nothing while the worker's lease is not confirmed, and keeps what is encoded")
  func noLease() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let isConfirmed = Mutex(true)
      let registry = MetricsRegistry()
      let encoder = ListingEncoder(rig.base) { _ in
        isConfirmed.withLock { $0 = false }
        return nil
      }
      var services = try await rig.services(encoder, registry: registry)
      let refusals = Mutex(0)
      services.mayRecord = {
        let isConfirmed = isConfirmed.withLock { $0 }
        if !isConfirmed { refusals.withLock { $0 += 1 } }
        return isConfirmed
      }
      _ = try await rig.start(services)
      for number in 1...2 { try await rig.send(number) }
      try await soon("the file") { try rig.adapter().look(.segment(rig.device, 0)) != nil }
      try await soon("the end of ownership") { registry.render().contains("millrace_frames_partitions_owned 0\n") }
      for number in 3...4 { try await rig.send(number) }
      let before = refusals.withLock { $0 }
      try await soon("to be refused again and again") { refusals.withLock { $0 } > before + 5 }
      #expect(try await rig.store.segments(rig.device).isEmpty && encoder.jobs.count == 1)
      isConfirmed.withLock { $0 = true }
      try await soon("the first segment") { try await rig.listed() == names(1...2) }
      #expect(encoder.jobs.count { $0.frames.count == 2 && ListingEncoder.name($0.frames[0]) == "f1" } == 1)
      try await soon("the second one") {
        isConfirmed.withLock { $0 = true }
        return try await rig.listed() == names(1...4)
      }
      try await soon("ownership") { registry.render().contains("millrace_frames_partitions_owned 1\n") }
    }
  }

  @Test("waits while Redis is away, and records then what it had")
  func away() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      let encoder = ListingEncoder(rig.base) { [server = rig.frames.server] job in
        if job.frames.contains(where: { ListingEncoder.name($0) == "f3" }) { server.pause() }
        return nil
      }
      _ = try await rig.start(try await rig.services(encoder))
      for number in 1...4 { try await rig.send(number) }
      try await soon("a lost commit") { encoder.jobs.count == 2 && !rig.frames.connection.isConnected }
      rig.frames.server.resume()
      try await soon("all frames") { (try? await rig.listed()) == names(1...4) }
      #expect(try await rig.store.segments(rig.device).map(\.number) == [0, 1])
      #expect(encoder.jobs.count == 2)
    }
  }

  @Test("makes real media that a player joins")
  func media() async throws {
    try await withFixture { fixture in
      let rig = try await RecorderRig(fixture)
      _ = try await rig.start(try await rig.services(FFmpegEncoder(rig.base)))
      for number in 1...6 { try await rig.send(number) }
      try await soon("three segments") { try await rig.store.segments(rig.device).count == 3 }
      var all: [UInt8] = []
      for segment in try await rig.store.segments(rig.device) {
        all += try rig.adapter().read(.segment(rig.device, segment.number), nil)
      }
      let file = try rig.folder.write(all, to: "joined.ts")
      let shown = try await FFmpegTool.succeed(
        "ffprobe",
        ["-v", "error", "-show_entries", "packet=pts", "-of", "csv=p=0", "-select_streams", "v:0", file])
      let times = String(decoding: shown.output, as: UTF8.self).split(whereSeparator: { !$0.isNumber }).map { Int($0) }
      #expect(times == (1...6).map { $0 * 90_000 })
    }
  }
}

/// Judges each frame, then does as another one.
struct JudgingEncoder: SegmentEncoding {
  private let inner: ListingEncoder
  private let judge: @Sendable (FrameInput) -> FrameOutcome

  init(_ inner: ListingEncoder, judge: @escaping @Sendable (FrameInput) -> FrameOutcome) {
    (self.inner, self.judge) = (inner, judge)
  }

  func encode(_ job: EncodeJob) async -> EncodeOutcome { inner.write(job, job.frames.map(judge)) }
  func probe(_ frame: FrameInput) async -> ProbeOutcome { .survived }
}

/// Makes a real MPEG-TS of one second a frame.
struct FFmpegEncoder: SegmentEncoding {
  private let base: String

  init(_ base: String) { self.base = base }

  func encode(_ job: EncodeJob) async -> EncodeOutcome {
    let count = job.frames.count
    let output = base + "/" + job.output
    do {
      try await FFmpegTool.succeed(
        "ffmpeg",
        [
          "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=size=64x64:rate=1", "-frames:v", String(count), "-c:v",
          "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-mpegts_copyts", "1", "-output_ts_offset",
          String(Double(job.firstPTS) / 90_000), "-f", "mpegts", output,
        ])
      let bytes = try readFile(output).count
      return .made(job.frames.map { _ in .good(truncated: false) }, .made(job, frames: count, bytes: bytes))
    } catch {
      return .prevented("\(error)")
    }
  }

  func probe(_ frame: FrameInput) async -> ProbeOutcome { .survived }
}
