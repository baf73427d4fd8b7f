import Glibc
import Redis
import Synchronization
import TestKit
import Testing

/// Megabytes both ways, by reference out.
@Suite(.timeLimit(.minutes(2)))
struct LargeValueTests {
  @Test(arguments: [1, 4095, 4096, 262_072, 30 << 20], [false, true])
  func comeBackAsTheyWere(count: Int, overTLS: Bool) async throws {
    try await withFixture { fixture in
      let certificates = overTLS ? try await fixture.certificates() : nil
      let server = try await fixture.redisServer(encryption: certificates)
      var configuration = server.configuration
      configuration.tls = certificates.map { RedisTLS($0) }
      let redis = try await Client(fixture).connected(configuration, fixture)
      let media = Media(count: count)
      let replies = try await redis.pipeline(
        [
          RedisCommand("SET", ["key", .reference(media), "PX", "60000"]), RedisCommand("ECHO", "between"),
          RedisCommand("GET", "key"), RedisCommand("STRLEN", "key"),
          RedisCommand("SET", ["copy", .bytes(media.content)]),
          RedisCommand("GET", "copy"),
        ], timeout: .seconds(60))
      #expect(replies[0].text == "OK")
      #expect(replies[1].text == "between")
      #expect(replies[2].bulk.map(media.equals) == true)
      #expect(replies[3].integer == Int64(count))
      #expect(replies[5].bulk.map(media.equals) == true)
    }
  }

  @Test func bytesAreKeptUntilTheyAreSentAndNoLonger() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let redis = try await Client(fixture).connected(server.configuration, fixture)
      let count = 30 << 20
      let released = Tally()
      server.pause()
      async let reply = redis.send(RedisCommand("SET", ["key", .reference(Media(count: count, released))]))
      try await eventually("the socket to be full") {
        // What the server's socket holds is less than the value.
        await (try? redis.send(RedisCommand("PING", []), timeout: .milliseconds(20))) == nil
      }
      #expect(released.count == 0)
      server.resume()
      #expect(try await reply.text == "OK")
      try await eventually("the bytes to be released") { released.count == 1 }
      #expect(try await redis.send(RedisCommand("STRLEN", "key")).integer == Int64(count))
    }
  }

  @Test func aLostConnectionReleasesTheBytes() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      let redis = try await Client(fixture).connected(server.configuration, fixture)
      let released = Tally()
      server.pause()
      async let lost = failure { () throws(RedisError) in
        _ = try await redis.send(RedisCommand("SET", ["key", .reference(Media(count: 30 << 20, released))]))
      }
      try await eventually("a timeout") {
        await (try? redis.send(RedisCommand("PING", []), timeout: .milliseconds(20))) == nil
      }
      try await server.kill()
      #expect(await lost?.isUnavailable == true)
      try await eventually("the bytes to be released") { released.count == 1 }
    }
  }
}

/// Counts from any thread.
final class Tally: Sendable {
  private let number = Atomic<Int>(0)

  var count: Int { number.load(ordering: .acquiring) }

  func add() { number.add(1, ordering: .acquiringAndReleasing) }
}

/// Bytes that tell their place.
// Safe: written in `init` only.
private final class Media: RedisBytes, @unchecked Sendable {
  let redisBytes: UnsafeRawBufferPointer
  private let released: Tally?

  init(count: Int, _ released: Tally? = nil) {
    let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: count, alignment: 8)
    for place in 0..<count / 8 {
      bytes.storeBytes(of: UInt64(place) &* 0x9E37_79B9_7F4A_7C15, toByteOffset: place * 8, as: UInt64.self)
    }
    for place in (count / 8 * 8)..<count { bytes[place] = UInt8(truncatingIfNeeded: place) }
    redisBytes = UnsafeRawBufferPointer(bytes)
    self.released = released
  }

  var content: [UInt8] { Array(redisBytes) }

  func equals(_ bulk: RedisBulk) -> Bool {
    bulk.withBytes { bytes in
      guard bytes.count == redisBytes.count, let its = bytes.baseAddress, let mine = redisBytes.baseAddress else {
        return false
      }
      return memcmp(its, mine, bytes.count) == 0
    }
  }

  deinit {
    redisBytes.deallocate()
    released?.add()
  }
}
