import FrameRecorder
import TestKit
import Testing

@Suite("The recorder's keys") struct FrameKeysTests {
  @Test("are those that operators and other readers know")
  func names() throws {
    let keys = FrameKeys()
    let device = try FrameRig.pair("client-abc:device-001")
    let partition = keys.partition(of: device)
    var generator = SeededGenerator(seed: 1)
    let session = SessionID(using: &generator)
    #expect(partition == FramePartition(44))
    #expect(keys.stream(partition) == "frames:44" && keys.partition(partition) == "frames:partition:44")
    #expect(keys.devices(partition) == "frames:devices:44" && keys.tries(partition) == "frames:tries:44")
    #expect(keys.trash(partition) == "frames:trash:44" && keys.dead(partition) == "frames:dead")
    #expect(keys.archives(partition) == "frames:archives" && keys.source("s 1", partition) == "frames:source:s 1")
    #expect(keys.device(device) == "frames:device:client-abc:device-001")
    #expect(keys.log(device) == "frames:log:client-abc:device-001")
    #expect(keys.seen(device) == "frames:seen:client-abc:device-001")
    #expect(keys.segments(device) == "hls:segments:client-abc:device-001")
    #expect(keys.sequence(device) == "hls:seq:client-abc:device-001")
    #expect(keys.session(session, of: device) == "frames:session:\(session)")
    #expect([keys.configuration, keys.checker, keys.sweeper] == ["frames:config", "frames:checker", "frames:sweeper"])
  }

  @Test("of one partition share their hash tag in a Redis Cluster")
  func tags() throws {
    let keys = FrameKeys(usesHashTags: true)
    let device = try FrameRig.pair("client-abc:device-001")
    let partition = keys.partition(of: device)
    let session = SessionID.random()
    for key in [
      keys.stream(partition), keys.partition(partition), keys.devices(partition), keys.tries(partition),
      keys.trash(partition), keys.dead(partition), keys.archives(partition), keys.source("s", partition),
      keys.device(device), keys.log(device), keys.seen(device), keys.segments(device), keys.sequence(device),
      keys.session(session, of: device), keys.sessionPrefix(device),
    ] {
      #expect(key.hasPrefix("{f44}"), "\(key)")
    }
  }
}
