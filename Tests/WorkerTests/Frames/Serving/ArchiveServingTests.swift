import Foundation
import FrameRecorder
import HTTP
import TestKit
import Testing

@testable import Worker

@Suite("Archives over HTTP", .timeLimit(.minutes(3))) struct ArchiveServingTests {
  private let path = "/devices/c1/d1/archives"
  private let far = FrameTime(milliseconds: 4_000_000_000_000)

  @Test("have records, playlists and segments until they expire")
  func media() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      let segments = try await rig.record(3, device)
      let session = try await rig.archive(device, expires: far)
      let record = try readFile(rig.file("archives/\(session)/archive.json"))
      let list = try await rig.get(path).json()
      let archives = try #require(list["archives"] as? [[String: Any]])
      #expect(archives.map { $0["session_id"] as? String } == [session.text] && list["next"] is NSNull)
      #expect(try await rig.get("\(path)/\(session)").body == record)

      let playlist = try await rig.get("\(path)/\(session)/playlist.m3u8")
      #expect(playlist.body == DevicePlaylist.render(segments, .archive, target: 6))
      #expect(playlist.head["Cache-Control"]?.hasSuffix("immutable") == true)
      let tag = try #require(playlist.head["ETag"])
      #expect(try await rig.get("/root\(path)/\(session)/playlist.m3u8", ["If-None-Match": tag]).status == 304)
      let segment = try await rig.get("\(path)/\(session)/segments/seg_000002.ts", ["Range": "bytes=188-375"])
      let file = try readFile(rig.file("archives/\(session)/segments/seg_000002.ts"))
      #expect(segment.status == 206 && segment.body == Array(file[188..<376]))
      for name in ["seg_000003.ts", "archive.json", "..%2farchive.json", "seg_2.ts"] {
        #expect(try await rig.get("\(path)/\(session)/segments/\(name)").status == 404, "\(name)")
      }
      let unknown = try await rig.get("\(path)/\(SessionID.random())")
      #expect(try unknown.status == 404 && unknown.json()["code"] as? String == "archive-not-found")
      #expect(try await rig.get("\(path)/..%2f..").status == 404)
      #expect(try await rig.get("/devices/c1/d2/archives").status == 404)
      // Of another device.
      #expect(try await rig.get("/devices/c1/d2/archives/\(session)").status == 404)

      #expect(try await rig.get("\(path)/\(session)", method: "DELETE").status == 202)
      let due = try await rig.redis.command("ZSCORE", "frames:archives", "c1:d1:\(session)")
      #expect(Double(due.trimmingCharacters(in: .whitespacesAndNewlines)).map { $0 < 4e12 } == true)
      for gone in ["", "/playlist.m3u8", "/segments/seg_000002.ts", ".zip"] {
        #expect(try await rig.get("\(path)/\(session)\(gone)").status == 404, "\(gone)")
      }
      #expect(try (await rig.get(path).json()["archives"] as? [Any])?.isEmpty == true)
    }
  }

  @Test("that are being made or were never made cannot be deleted")
  func unfinished() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(1, device)
      let session = try await rig.archive(device, expires: far, state: .archiving)
      #expect(try await rig.get("\(path)/\(session)").status == 404)
      let early = try await rig.get("\(path)/\(session)", method: "DELETE")
      #expect(try early.status == 409 && early.json()["code"] as? String == "archive-not-ready")
      #expect(try await rig.get("\(path)/\(SessionID.random())", method: "DELETE").status == 404)
      #expect(try await rig.get("\(path)/x", method: "DELETE").status == 404)
      // Redis has lost it: what the storage has is served.
      try await rig.redis.flush()
      #expect(try await rig.get("\(path)/\(session)").status == 200)
      #expect(try await rig.get("\(path)/\(session)/segments/seg_000000.ts").status == 200)
      #expect(try await rig.get("\(path)/\(session)", method: "DELETE").status == 409)
    }
  }

  @Test("come as one file that others can open, whole and unchanged")
  func bundles() async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(4, device)
      let session = try await rig.archive(device, expires: far)
      try rig.adapter.put([1], at: try #require(StoragePath.archiveSegments(device, session).entry(".x.tmp")))
      try rig.link("client_ids/c1/device_id/d1/archives/\(session)/segments/seg_000009.ts", to: "/etc/hostname")
      let names =
        ["\(session)/archive.json", "\(session)/playlist.m3u8"]
        + (0..<4).map { "\(session)/segments/seg_00000\($0).ts" }

      let zip = try await rig.get("\(path)/\(session).zip")
      #expect(zip.status == 200 && zip.head["Content-Type"] == "application/zip")
      #expect(zip.head["Content-Disposition"] == "attachment; filename=\"c1_d1_\(session).zip\"")
      let zipFile = try rig.folder.write(zip.body, to: "a.zip")
      let script = """
        import sys, zipfile
        z = zipfile.ZipFile(sys.argv[1])
        assert z.testzip() is None
        for i in z.infolist():
          assert i.compress_type == zipfile.ZIP_STORED
          print(i.filename)
        z.extractall(sys.argv[2])
        """
      let opened = try await FFmpegTool.succeed("python3", ["-c", script, zipFile, rig.folder.file("from-zip")])
      #expect(String(decoding: opened.output, as: UTF8.self).split(separator: "\n").map { String($0) } == names)

      let tar = try await rig.get("/root\(path)/\(session).tar")
      #expect(tar.status == 200 && tar.head["Content-Type"] == "application/x-tar")
      let tarFile = try rig.folder.write(tar.body, to: "a.tar")
      let listed = try await FFmpegTool.succeed("tar", ["tf", tarFile])
      #expect(String(decoding: listed.output, as: UTF8.self).split(separator: "\n").map { String($0) } == names)
      try FileManager.default.createDirectory(atPath: rig.folder.file("from-tar"), withIntermediateDirectories: false)
      try await FFmpegTool.succeed("tar", ["xf", tarFile, "-C", rig.folder.file("from-tar")])
      for name in names {
        let original = try readFile(rig.file("archives/" + name))
        #expect(try readFile(rig.folder.file("from-zip/" + name)) == original, "\(name)")
        #expect(try readFile(rig.folder.file("from-tar/" + name)) == original, "\(name)")
      }
      let head = try await rig.get("\(path)/\(session).zip", method: "HEAD")
      #expect(head.status == 200 && head.body.isEmpty)
      #expect(try await rig.get("\(path)/\(SessionID.random()).tar").status == 404)
    }
  }

  @Test("that are greater than memory go through it in pieces, and end with their client", arguments: ["zip", "tar"])
  func large(format: String) async throws {
    try await withFixture { fixture in
      let rig = try await ServingRig(fixture)
      let device = try ServingRig.pair("c1:d1")
      try await rig.record(1, device)
      let session = try await rig.archive(device, expires: far)
      // Without blocks on the disk.
      let size = 256 << 20
      for number in 1...2 {
        let file = rig.file("archives/\(session)/segments/seg_00000\(number).ts")
        try await FFmpegTool.succeed("truncate", ["-s", "\(size)", file])
      }
      let client = try await RawHTTPClient.connect(port: rig.port)
      try await client.sendRequest("GET", "\(path)/\(session).\(format)")
      _ = try await client.readHead()
      let before = Self.residentBytes()
      var (count, peak) = (0, 0)
      while true {
        let piece = try await client.readBody()
        if piece.isEmpty { break }
        count += piece.count
        if count % (1 << 20) < piece.count { peak = max(peak, Self.residentBytes()) }
      }
      #expect(count > 2 * size && count < 2 * size + (8 << 20))
      // Other tests of the process take memory, too, but not as much as half of this; a sanitizer takes more for whatever
      // they do.
      if !isSanitized { #expect(peak - before < size / 2, "\(peak - before)") }
      client.close()
      let leaver = try await RawHTTPClient.connect(port: rig.port)
      try await leaver.sendRequest("GET", "\(path)/\(session).\(format)")
      _ = try await leaver.readBodyAfterHead()
      leaver.abort()
      try await eventually("the end of the file's use", within: .seconds(20)) {
        !Self.hasOpen(rig.file("archives/\(session)"))
      }
    }
  }

  private static func residentBytes() -> Int {
    let pages = (try? readFile("/proc/self/statm")).map { String(decoding: $0, as: UTF8.self).split(separator: " ") }
    return (pages.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * 4_096
  }

  /// Whether this process has a file below `folder` open.
  private static func hasOpen(_ folder: String) -> Bool {
    let descriptors = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
    return descriptors.contains {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/" + $0))?.hasPrefix(folder) ?? false
    }
  }
}

extension RawHTTPClient {
  fileprivate func readBodyAfterHead() async throws -> [UInt8] {
    _ = try await readHead()
    return try await readBody()
  }
}
