import Foundation
import FrameRecorder
import TestKit
import Testing

@Suite("Links to frames", .timeLimit(.minutes(3))) struct LinkTests {
  private let keys = "client_ids/c1/secondary_key"
  private let requests = "client_ids/c1/request_id"
  private let frames = "../device_id/d1/frames"

  private func link(_ rig: KeepingRig, _ path: String, to target: String, hours: Int) throws {
    try rig.adapter().link(rig.place(path), to: target)
    try age(rig, path, hours: hours)
  }

  private func age(_ rig: KeepingRig, _ path: String, hours: Int) throws {
    let time = timespec(tv_sec: Int(Date().timeIntervalSince1970) - hours * 3_600, tv_nsec: 0)
    try #require(utimensat(AT_FDCWD, "\(rig.folder.path)/\(path)", [time, time], AT_SYMLINK_NOFOLLOW) == 0)
  }

  private func sweep(_ rig: KeepingRig, keepHours: Int = 24) async throws {
    var sweeper = RecordingSweeper(
      try rig.services {
        ($0.sweep.keepHours, $0.sweep.deletionsPerSecond) = (keepHours, 1_000_000)
      })
    #expect(await sweeper.sweep().errors == [])
  }

  @Test("go with the frames' retention, though their device goes on sending; one that is used again is new")
  func retention() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      try rig.write("new", at: "client_ids/c1/device_id/d1/frames/new.jpg")
      for folder in [keys, requests] {
        try link(rig, "\(folder)/old", to: frames, hours: 25)
        try link(rig, "\(folder)/young", to: frames, hours: 23)
        try link(rig, "\(folder)/gone", to: "../device_id/nothing/frames", hours: 25)
        try link(rig, "\(folder)/again", to: frames, hours: 25)
        try rig.adapter().link(rig.place("\(folder)/again"), to: frames)
        try link(rig, "\(folder)/other", to: "../device_id/d9/frames", hours: 25)
        try rig.adapter().link(rig.place("\(folder)/other"), to: frames)
        // Nobody here has made it.
        try link(rig, "\(folder)/foreign", to: "/tmp", hours: 1_000)
        try link(rig, "\(folder)/.1.tmp", to: frames, hours: 2)
        try link(rig, "\(folder)/.2.tmp", to: frames, hours: 0)
      }
      try await sweep(rig)
      for folder in [keys, requests] {
        #expect(try rig.names(rig.place(folder)) == [".2.tmp", "again", "foreign", "other", "young"])
      }
      try await sweep(rig, keepHours: 0)
      for folder in [keys, requests] {
        #expect(try rig.names(rig.place(folder)) == [".2.tmp", "again", "foreign", "other"])
      }
    }
  }

  @Test("are all within reach, however many there are")
  func many() async throws {
    try await withFixture { fixture in
      let rig = try await KeepingRig(fixture)
      try rig.write("new", at: "client_ids/c1/device_id/d1/frames/new.jpg")
      let folder = try rig.place(requests)
      try rig.adapter().create(folder)
      let path = "\(rig.folder.path)/\(folder)"
      for number in 0..<10_100 {
        try #require(symlink(number % 2 == 0 ? "/tmp" : frames, "\(path)/\(number)") == 0)
        if number % 100 < 2 { try age(rig, "\(requests)/\(number)", hours: 25) }
      }
      for number in 10_100..<30_300 {
        try #require(symlink(frames, "\(path)/\(number)") == 0)
        try age(rig, "\(requests)/\(number)", hours: 25)
      }
      try await sweep(rig)
      let left = try rig.names(folder).compactMap { Int($0) }
      #expect(left.count == 10_100 - 101 && left.allSatisfy { $0 < 10_100 && $0 % 100 != 1 })
    }
  }
}
