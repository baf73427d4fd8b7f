import Foundation
import FrameRecorder
import TestKit
import Testing

extension RecordingTests {
  @Suite struct Burst {
    private static let count = 3_000
    private static let size = (width: 160, height: 96)

    @Test("A burst of one device is recorded in order, from few events in memory, and no other waits for it (19.11)")
    func oneDeviceSendsThousands() async throws {
      try await withFixture { fixture in
        let others = 0..<10
        let scene = try await RecordingScene(fixture, devices: others.count, partitions: 4)
        let worker = try await scene.worker("w1")
        try await scene.send(0..<6, devices: others)
        try await eventually("the first segments", within: .seconds(30)) { try await scene.recorded(others) == 60 }
        try await send(scene)
        try await scene.send(6..<18, devices: others)
        try await eventually("the others", within: .seconds(60)) { try await scene.recorded(others) == 180 }
        #expect(try await recorded(scene) < Self.count)
        try await eventually("the burst", within: .seconds(120), polling: .milliseconds(100)) {
          #expect(try await worker.metric("stream_processor_queued_frames") <= 256 + 60)
          return try await recorded(scene) == Self.count
        }
        try await scene.expectWhole(0..<18, devices: others)
        #expect(try await shown(scene, fixture) == Array(0..<Self.count))
      }
    }

    private var device: DevicePair? { DevicePair("c1:burst") }

    private func send(_ scene: RecordingScene) async throws {
      let device = try #require(device)
      let pictures = try await FrameMaker.pictures(
        0..<Self.count, width: Self.size.width, height: Self.size.height)
      let folder = StoragePath.frames(device).text
      try FileManager.default.createDirectory(
        atPath: scene.view + "/" + folder, withIntermediateDirectories: true)
      var frames: [IntakeFrame] = []
      for (number, picture) in pictures.enumerated() {
        try scene.write(picture, to: "\(folder)/\(number).jpg")
        frames.append(
          IntakeFrame(
            device,
            event: """
              {"eventId":"b-\(number)","clientId":"\(device.client)","deviceId":"\(device.device)",\
              "timestamp":\(1_795_219_200 + number),"framePath":"\(folder)/\(number).jpg"}
              """))
      }
      for result in try await scene.store.add(frames) { _ = try result.get() }
    }

    private func recorded(_ scene: RecordingScene) async throws -> Int {
      try await scene.store.segments(try #require(device)).reduce(0) { $0 + $1.frames }
    }

    private func shown(_ scene: RecordingScene, _ fixture: Fixture) async throws -> [Int?] {
      let device = try #require(device)
      var bytes: [UInt8] = []
      for segment in try await scene.store.segments(device) {
        bytes += try readFile(scene.view + "/" + StoragePath.segment(device, segment.number).text)
      }
      let file = try fixture.temporaryFolder("burst").write(bytes, to: "all.ts")
      return try await SegmentReader.numbers(ofFile: file, width: Self.size.width, height: Self.size.height)
    }
  }
}
