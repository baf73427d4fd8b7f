import Foundation
import FrameRecorder
import TestKit
import Testing

@Suite("The storage in a folder") struct FileAdapterTests {
  private func withStorage(_ body: (FileAdapter, TemporaryFolder) throws -> Void) throws {
    let folder = try TemporaryFolder("storage")
    defer { folder.remove() }
    try body(FileAdapter(base: folder.path), folder)
  }

  private func path(_ text: String) throws -> StoragePath {
    guard let path = StoragePath(text) else { throw Missing("a path \(text)") }
    return path
  }

  private func code(_ work: () throws -> Void) -> StorageError.Code? {
    do {
      try work()
      return nil
    } catch {
      return (error as? StorageError)?.code
    }
  }

  private func names(_ storage: FileAdapter, _ folder: String) throws -> [String] {
    var names: [String] = []
    try storage.list(path(folder)) {
      names.append($0.name)
      return true
    }
    return names.sorted()
  }

  @Test("A file is written whole, in folders that were not there, and never over another one")
  func put() throws {
    try withStorage { storage, folder in
      let file = try path("a/b/c.jpg")
      try storage.put(Array("one".utf8), at: file)
      #expect(code { try storage.put(Array("two".utf8), at: file) } == .exists)
      #expect(try storage.read(file, nil) == Array("one".utf8))
      #expect(try names(storage, "a/b") == ["c.jpg"])
      try storage.put(Array("three".utf8), at: file, replaces: true)
      #expect(try readFile(folder.file("a/b/c.jpg")) == Array("three".utf8))
      #expect(try names(storage, "a/b") == ["c.jpg"])
    }
  }

  @Test("Until it is finished there is a temporary file only, and none after it was abandoned")
  func upload() throws {
    try withStorage { storage, _ in
      let upload = try storage.begin(path("a/x.ts"))
      try Array("12345".utf8).withUnsafeBytes { try upload.write($0) }
      let temporaries = try names(storage, "a")
      #expect(temporaries.count == 1 && temporaries.allSatisfy { StoragePath.isTemporary($0) })
      #expect(try storage.look(path("a/x.ts")) == nil)
      upload.abandon()
      #expect(try names(storage, "a") == [])
      do {
        let forgotten = try storage.begin(path("a/y.ts"))
        #expect(try names(storage, "a").count == 1)
        _ = forgotten
      }
      #expect(try names(storage, "a") == [])
    }
  }

  @Test("What is kept is durable under its temporary name, and published or deleted later")
  func keep() throws {
    try withStorage { storage, _ in
      let temporary: StoragePath
      do {
        let upload = try storage.begin(path("a/x.jpg"))
        try Array("12345".utf8).withUnsafeBytes { try upload.write($0) }
        temporary = try upload.keep()
        upload.abandon()
      }
      #expect(temporary.folder?.text == "a" && StoragePath.isTemporary(temporary.name))
      #expect(try storage.read(temporary, nil) == Array("12345".utf8))
      try storage.publish(temporary, as: path("a/x.jpg"))
      #expect(try names(storage, "a") == ["x.jpg"])
    }
  }

  @Test("A link takes the place of another one, and of nothing else")
  func link() throws {
    try withStorage { storage, folder in
      for target in ["../d/one", "../d/one", "../d/two"] {
        try storage.link(path("a/b/l"), to: target)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("a/b/l")) == target)
      }
      try storage.put([1], at: path("a/b/f"))
      #expect(code { try storage.link(path("a/b/f"), to: "../d/one") } == .exists)
      #expect(try names(storage, "a/b") == ["f", "l"])
    }
  }

  @Test("A segment is published under its final name, unless that is taken: both stay then")
  func publish() throws {
    try withStorage { storage, _ in
      let (temporary, final) = (try path("s/.seg_1.7.tmp"), try path("s/seg_000001.ts"))
      try storage.put(Array("new".utf8), at: temporary)
      try storage.publish(temporary, as: final)
      #expect(try names(storage, "s") == ["seg_000001.ts"])
      try storage.put(Array("newer".utf8), at: temporary)
      #expect(code { try storage.publish(temporary, as: final) } == .exists)
      #expect(try storage.read(final, nil) == Array("new".utf8))
      #expect(try storage.read(temporary, nil) == Array("newer".utf8))
      try storage.delete(temporary)
      #expect(code { try storage.publish(temporary, as: path("s/seg_000002.ts")) } == .missing)
      #expect(code { try storage.publish(temporary, as: path("other/seg.ts")) } == .failed)
    }
  }

  @Test("Ranges are read as far as there are bytes")
  func read() throws {
    try withStorage { storage, _ in
      let file = try path("a/f")
      try storage.put(Array(0..<200), at: file)
      #expect(try storage.read(file, 10..<13) == [10, 11, 12])
      #expect(try storage.read(file, 198..<900) == [198, 199])
      #expect(try storage.read(file, 500..<900) == [] && storage.read(file, nil).count == 200)
      #expect(code { _ = try storage.read(path("a/none"), nil) } == .missing)
      #expect(code { _ = try storage.read(path("a"), nil) } == .wrongKind)
    }
  }

  @Test("A folder lists what is in it, until it was enough; one that is not there is empty")
  func list() throws {
    try withStorage { storage, folder in
      for name in ["a", "b", "c"] { try storage.put([1, 2, 3], at: path("f/\(name)")) }
      try storage.create(path("f/inner/deep"))
      try FileManager.default.createSymbolicLink(atPath: folder.file("f/link"), withDestinationPath: "a")
      var kinds: [String: StorageEntry.Kind] = [:]
      try storage.list(path("f")) {
        kinds[$0.name] = $0.kind
        return true
      }
      #expect(kinds == ["a": .file, "b": .file, "c": .file, "inner": .folder, "link": .link])
      var count = 0
      try storage.list(path("f")) { _ in
        count += 1
        return count < 2
      }
      #expect(count == 2)
      #expect(try names(storage, "none") == [])
      #expect(code { _ = try names(storage, "f/a") } == .wrongKind)
      let entry = try #require(try storage.look(path("f/a")))
      #expect(entry.size == 3 && abs(entry.modified.milliseconds(since: now)) < 600_000)
      #expect(try storage.look(path("f/none")) == nil && storage.look(path("none/none")) == nil)
    }
  }

  private var now: FrameTime { FrameTime(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) }

  @Test("Files, links and empty folders are deleted; a folder that is not empty only with all that is in it")
  func delete() throws {
    try withStorage { storage, folder in
      try storage.put([1], at: path("f/inner/a"))
      try storage.put([1], at: path("kept/a"))
      try FileManager.default.createSymbolicLink(atPath: folder.file("f/link"), withDestinationPath: "../kept")
      #expect(try !storage.delete(path("f/none")) && !storage.delete(path("f/inner")))
      #expect(try storage.delete(path("f/inner/a")) && storage.delete(path("f/inner")))
      try storage.put([1], at: path("f/inner/a"))
      #expect(try storage.deleteFolder(path("f")) && !storage.deleteFolder(path("f")))
      #expect(try storage.look(path("f")) == nil)
      #expect(try names(storage, "kept") == ["a"])
    }
  }

  @Test("A second name needs no second file; where there is a name already nothing happens to it")
  func share() throws {
    try withStorage { storage, folder in
      let (source, copy) = (try path("s/seg_000001.ts"), try path("archives/x/segments/seg_000001.ts"))
      try storage.put(Array(repeating: 7, count: 100_000), at: source)
      try storage.share(source, as: copy)
      try storage.sync(path("archives/x/segments"))
      #expect(try inode(folder, source) == inode(folder, copy))
      #expect(code { try storage.share(source, as: copy) } == .exists)
      #expect(code { try storage.share(path("s/none"), as: path("archives/y")) } == .missing)
      try storage.delete(source)
      #expect(try storage.read(copy, nil).count == 100_000)
    }
  }

  private func inode(_ folder: TemporaryFolder, _ path: StoragePath) throws -> Int? {
    try FileManager.default.attributesOfItem(atPath: folder.file(path.text))[.systemFileNumber] as? Int
  }

  @Test("The space is that of the file system")
  func space() throws {
    try withStorage { storage, _ in
      let space = try storage.space()
      #expect(space.total > 0 && space.free <= space.total && (0...100).contains(space.freePercent))
    }
  }

  @Test("No link leads out of the base, to nothing")
  func outside() throws {
    try withStorage { storage, folder in
      let secret = try TemporaryFolder("secret")
      defer { secret.remove() }
      try secret.write(Array("secret".utf8), to: "file")
      try storage.create(.clients)
      try storage.create(path("client_ids/c1"))
      let links = ["out": secret.path, "up": "../../..", "file": secret.file("file")]
      for (name, target) in links {
        try FileManager.default.createSymbolicLink(
          atPath: folder.file("client_ids/c1/\(name)"), withDestinationPath: target)
      }
      for inner in ["out/file", "up/file", "file"] {
        let file = try path("client_ids/c1/\(inner)")
        #expect(code { _ = try storage.read(file, nil) } == .outside, "\(inner)")
      }
      #expect(code { try storage.put([1], at: path("client_ids/c1/out/new")) } == .outside)
      #expect(code { _ = try names(storage, "client_ids/c1/out") } == .outside)
      #expect(code { _ = try storage.delete(path("client_ids/c1/out/file")) } == .outside)
      #expect(code { _ = try storage.deleteFolder(path("client_ids/c1/out/inner")) } == .outside)
      #expect(try FileManager.default.contentsOfDirectory(atPath: secret.path) == ["file"])
      // The link itself may go.
      #expect(try storage.delete(path("client_ids/c1/out")))
      #expect(try readFile(secret.file("file")) == Array("secret".utf8))
    }
  }

  @Test("A device that is a link is the device that it leads to, below the base only")
  func shared() throws {
    try withStorage { storage, folder in
      let real = try FrameRig.pair("c1:d1")
      try storage.create(.clients)
      try storage.create(.device(real))
      try storage.create(.devices(of: FrameRig.pair("c2:x").client))
      func link(_ name: String, _ target: String) throws {
        try FileManager.default.createSymbolicLink(
          atPath: folder.file("client_ids/c2/device_id/\(name)"), withDestinationPath: target)
      }
      try link("relative", "../../c1/device_id/d1")
      try link("absolute", folder.path + "/client_ids/c1/device_id/d1")
      try link("chain", "relative")
      try link("loop", "loop")
      try link("away", "/etc")
      try link("folder", "../../c1")
      for name in ["relative", "absolute", "chain"] {
        #expect(try storage.device(FrameRig.pair("c2:\(name)")) == real, "\(name)")
      }
      #expect(try storage.device(real) == real)
      #expect(try storage.device(FrameRig.pair("c3:none")) == FrameRig.pair("c3:none"))
      for name in ["loop", "away", "folder"] {
        #expect(code { _ = try storage.device(FrameRig.pair("c2:\(name)")) } == .outside, "\(name)")
      }
    }
  }

  @Test("A base without client_ids stays as it is, unless they are asked for: its storage may not be mounted")
  func unmounted() throws {
    try withStorage { storage, folder in
      let device = try FrameRig.pair("c1:d1")
      let file = StoragePath.playlist(device)
      try storage.put([1], at: path("source"))
      let link = try path("client_ids/c1/secondary_key/k")
      let ways: [() throws -> Void] = [
        { try storage.put([1], at: file) }, { try storage.create(.segments(device)) },
        { try storage.share(self.path("source"), as: file) }, { try storage.link(link, to: "../device_id/d1/frames") },
      ]
      for way in ways { #expect(code(way) == .failed) }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["source"])
      for _ in 1...2 { try storage.create(.clients) }
      for way in ways.prefix(2) { try way() }
      #expect(try storage.read(file, nil) == [1])
    }
  }

  @Test("A base that is not there is an error at once")
  func base() throws {
    #expect(code { _ = try FileAdapter(base: "/nowhere/at/all") } == .missing)
  }
}
