import Cluster
import Identifiers
import Testing

@Suite("The keys in Redis") struct RedisKeysTests {
  private let id = "01000000000000000000000000000000"

  @Test("are those that operators know")
  func names() {
    let keys = RedisKeys()
    let stream = Make.stream()
    let worker = WorkerID("w1")
    #expect(keys.stream(stream) == "stream:\(id)" && keys.log(stream) == "stream:\(id):log")
    #expect(keys.clients(stream) == "clients:\(id)")
    #expect(keys.client(stream, Make.client()) == "client:\(id):c1")
    #expect(keys.bufferIndex(stream) == "buffer:\(id):index")
    #expect(keys.chunk(stream, Epoch(7), ChunkNumber(12)) == "buffer:\(id):chunk:7:12")
    #expect(keys.lease(worker) == "worker:w1:lease" && keys.inbox(worker) == "inbox:w1")
    #expect(keys.watched(worker) == "worker:w1:watched" && keys.reaper(worker) == "worker:w1:reaper")
    #expect(keys.bufferState(stream) == "buffer:\(id):state")
    #expect([keys.active, keys.totals, keys.sweeper] == ["active", "totals", "sweeper"])
    #expect([keys.workers, keys.streams, keys.events] == ["workers", "streams", "events"])
  }

  @Test("of one stream share their hash tag in a Redis Cluster")
  func tags() {
    let keys = RedisKeys(usesHashTags: true)
    let stream = Make.stream()
    for key in [
      keys.stream(stream), keys.log(stream), keys.clients(stream), keys.client(stream, Make.client("a")),
      keys.bufferIndex(stream), keys.chunk(stream, Epoch(7), ChunkNumber(12)),
    ] {
      #expect(key.firstRange(of: "{").map { key[$0.lowerBound...].hasPrefix("{\(id)}") } == true)
    }
  }
}
