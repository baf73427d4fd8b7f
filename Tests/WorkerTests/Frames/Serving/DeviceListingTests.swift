import Foundation
import FrameRecorder
import HTTP
import TestKit
import Testing

@testable import Worker

@Suite("The listing of devices", .timeLimit(.minutes(3))) struct DeviceListingTests {
  private struct Listing: Decodable {
    struct Device: Decodable {
      var client: String
      var device: String
      var online: Bool
      var segments: Int
      var first: Int?
      var last: Int?
      var bytes: Int
      var session: String?
    }
    var devices: [Device]
    var next: String?
  }

  private func touch(_ rig: ServingRig, _ names: [String]) async throws {
    for name in names {
      let device = try ServingRig.pair(name)
      let partition = rig.store.keys.partition(of: device)
      try await rig.redis.command("ZADD", rig.store.keys.devices(partition), "1", name)
    }
  }

  @Test("comes in pages, each device once, of one client if asked for")
  func pages() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let names = (0..<23).map { "c\($0 % 3):d\($0)" }
      try await touch(rig, names)
      for limit in [1, 5, 100] {
        var (found, after) = ([String](), String?.none)
        repeat {
          let query = "?limit=\(limit)" + (after.map { "&after=" + $0 } ?? "")
          let page = try await rig.get("/devices" + query).decoded(as: Listing.self)
          #expect(page.devices.count <= limit)
          found += page.devices.map { "\($0.client):\($0.device)" }
          after = page.next
        } while after != nil
        #expect(found.count == names.count && Set(found) == Set(names), "\(limit)")
      }
      let one = try await rig.get("/root/devices?client=c1").decoded(as: Listing.self)
      #expect(one.devices.count == 8 && one.devices.allSatisfy { $0.client == "c1" } && one.next == nil)
      #expect(try await rig.get("/devices?client=nobody").decoded(as: Listing.self).devices.isEmpty)
      for bad in ["limit=0", "limit=1001", "limit=x", "after=x", "client="] {
        #expect(try await rig.get("/devices?" + bad).status == 422, "\(bad)")
      }
    }
  }

  @Test("tells of each what is recorded, also after some of it has gone")
  func figures() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      let segments = try await rig.record(4, device)
      try await touch(rig, ["c1:d1"])
      let now = try await rig.store.version(of: device).now
      try await rig.redis.command(
        "HSET", rig.store.keys.device(device), "received_ms", "\(now.milliseconds)", "backlog", "3")
      let size = segments[0].bytes
      let one = try #require(try await rig.get("/devices").decoded(as: Listing.self).devices.first)
      #expect(one.segments == 4 && one.first == 0 && one.last == 3 && one.bytes == 4 * size && one.online)
      #expect(one.session == segments[0].session?.text)
      let whole = try await rig.get("/devices/c1/d1").json()
      #expect(whole["first_at"] as? String == "2026-11-21T00:00:00.000000+00:00")
      #expect((whole["last_frame_at"] as? String)?.hasSuffix("+00:00") == true)
      rig.advance(.seconds(25 * 3_600))
      #expect(try await rig.store.trim(device, atMost: 3).count == 3)
      let left = try await rig.get("/devices/c1/d1").json()
      #expect(left["segments"] as? Int == 1 && left["first"] as? Int == 3 && left["bytes"] as? Int == size)
      #expect(left["online"] as? Bool == false && left["backlog"] as? Int == 3)
      #expect(left["oldest_pending_seconds"] is NSNull)
      let session = try #require(left["session_record"] as? [String: Any])
      #expect(session["state"] as? String == "active" && session["segments"] as? Int == 4)
      #expect(try await rig.get("/devices/c1/d2").json()["code"] as? String == "device-not-found")
    }
  }

  @Test("tells how long a device's oldest frame waits, behind others' too")
  func pending() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(1, device)
      let stream = rig.store.keys.stream(rig.store.keys.partition(of: device))
      func add(_ id: String, _ name: String) async throws {
        let event =
          "{\"eventId\":\"e\",\"clientId\":\"c1\",\"deviceId\":\"\(name)\",\"timestamp\":1,\"framePath\":\"x\"}"
        try await rig.redis.command("XADD", stream, id, "event", event)
      }
      let now = try await rig.store.version(of: device).now.milliseconds
      try await add("\(now - 60_000)-0", "other")
      try await add("\(now - 20_000)-0", "d1")
      try await add("\(now - 10_000)-0", "d1")
      let age = try #require(try await rig.get("/devices/c1/d1").json()["oldest_pending_seconds"] as? Double)
      #expect((20..<40).contains(age))
    }
  }
}
