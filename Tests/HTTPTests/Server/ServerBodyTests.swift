import EventLoop
import Glibc
import Synchronization
import Testing

@testable import HTTP

/// Large and many.
@Suite(.serialized) struct ServerBodyTests {
  private static let size = 64 << 20

  /// 64 MiB in 1,024 slices of one region; position-dependent, so that a byte out of place shows.
  private func largeRouter(released: @escaping @Sendable () -> Void = {}) -> Router {
    let pattern = (0..<Self.size / 8).flatMapBytes()
    let memory = Memory(pattern)
    var router = echoRouter()
    router.add(.get, "/large") { request, _ in
      let slices = (0..<1024).map { BodySlice(start: memory.start + $0 * 65_536, count: 65_536) }
      return HTTPResponse(body: .slices(slices, owner: Owner(memory, released)))
    }
    return router
  }

  @Test func aSlowReaderGetsALargeBodyByReference() async throws {
    let isReleased = Tally()
    try await withServer(largeRouter(released: { isReleased.add() })) { server in
      let client = try RawClient(port: server.boundPort, receiveBuffer: 65_536)
      let before = residentBytes()
      try client.get("/large")
      let head = try client.readHead()
      #expect(head.status == 200 && head["content-length"] == String(Self.size))
      var (count, isRight, peak) = (0, true, 0)
      while count < Self.size {
        let piece = try client.read(262_144)
        for offset in stride(from: 0, to: piece.count, by: 8192) where offset + 8 <= piece.count {
          let value = piece[offset..<offset + 8].reduce(0) { $0 << 8 | Int($1) }
          isRight = isRight && value == (count + offset) / 8
        }
        count += piece.count
        if count % (4 << 20) == 0 {
          usleep(2000)
          peak = max(peak, residentBytes())
        }
      }
      #expect(isRight)
      // Other tests of the process take memory too, but not as much as a copy of the body would; the address sanitizer
      // keeps what is freed.
      if getenv("ASAN_OPTIONS") == nil { #expect(peak - before < 48 << 20, "the body was copied: \(peak - before)") }
      #expect(eventually { isReleased.count > 0 })
      try client.get("/echo/next")
      #expect(try client.readResponse().text == "next")
      #expect(server.metrics.bytesOutTotal.load(ordering: .relaxed) > UInt64(Self.size))
    }
  }

  @Test func aClientThatLeavesInTheMiddleFreesAll() async throws {
    let releases = Tally()
    try await withServer(largeRouter(released: { releases.add() })) { server in
      for (number, end) in ([{ $0.close() }, { $0.reset() }] as [(RawClient) -> Void]).enumerated() {
        let client = try RawClient(port: server.boundPort)
        try client.get("/large")
        _ = try client.read(1_000_000)
        end(client)
        #expect(eventually { releases.count == number + 1 })
        #expect(eventually { server.metrics.connectionsOpen.load(ordering: .relaxed) == 0 })
      }
    }
  }

  @Test func aReaderThatStopsIsClosed() async throws {
    try await withServer(largeRouter()) {
      $0.writeTimeout = .milliseconds(200)
    } body: { server in
      let client = try RawClient(port: server.boundPort, receiveBuffer: 65_536)
      try client.get("/large")
      _ = try client.read(1000)
      #expect(eventually { server.metrics.timeoutsTotal.load(ordering: .relaxed) == 1 })
      #expect(eventually { server.metrics.connectionsOpen.load(ordering: .relaxed) == 0 })
    }
  }

  @Test func aClientThatOnlySendsIsHeldBack() async throws {
    try await withServer(largeRouter()) { server in
      let client = try RawClient(port: server.boundPort, receiveBuffer: 65_536)
      try client.get("/large")
      _ = try client.read(1000)
      // While the first answer stands still, further requests fill the kernel's buffers and no more.
      let request = Array(String(repeating: "GET /echo/x HTTP/1.1\r\nHost: a\r\n\r\n", count: 1000).utf8)
      let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
      var (sent, isBlocked) = (0, false)
      while !isBlocked, sent < 64 << 20 {
        let count = request.withUnsafeBytes { send(client.descriptor, $0.baseAddress, $0.count, flags) }
        isBlocked = count < 0
        sent += max(0, count)
        // A full buffer may be on its way to the other side.
        if isBlocked {
          usleep(50_000)
          isBlocked = request.withUnsafeBytes { send(client.descriptor, $0.baseAddress, 1, flags) } < 0
        }
      }
      #expect(isBlocked)
      #expect(server.metrics.requestsTotal.load(ordering: .relaxed) == 1)
    }
  }

  @Test func fiveHundredConnectionsLeaveNoDescriptor() async throws {
    try await withServer(echoRouter()) { server in
      let loose = { openSockets(port: server.boundPort).count }
      let before = loose()
      for round in 0..<2 {
        var clients: [RawClient] = []
        for number in 0..<250 {
          let client = try RawClient(port: server.boundPort)
          if number % 2 == 0 { try client.get("/echo/x") }
          clients.append(client)
        }
        for (number, client) in clients.enumerated() where number % 2 == 0 {
          #expect(try client.readResponse().text == "x")
        }
        #expect(eventually { server.metrics.acceptedTotal.load(ordering: .relaxed) == (round + 1) * 250 })
        for (number, client) in clients.enumerated() { number % 3 == 0 ? client.reset() : client.close() }
        #expect(eventually { server.metrics.connectionsOpen.load(ordering: .relaxed) == 0 })
        #expect(loose() == before)
      }
    }
  }

  /// In a process of its own, in which nothing else takes or gives back memory. Sanitizers bring an allocator of their own,
  /// that does not tell.
  @Test(.enabled(if: isMallocCounted)) func anIdleConnectionIsSmall() async {
    await #expect(processExitsWith: .success) {
      try await withServer(echoRouter()) { server in
        func open(_ count: Int) throws -> [RawClient] {
          try (0..<count).map { _ in
            let client = try RawClient(port: server.boundPort)
            try client.get("/echo/x")
            _ = try client.readResponse()
            return client
          }
        }
        var clients = try open(200)
        let before = allocatedBytes()
        clients += try open(500)
        // The client's own object and buffer are in it too.
        let each = (allocatedBytes() - before) / 500
        #expect((200..<2048).contains(each), "\(each) bytes each")
        #expect(clients.count == server.metrics.connectionsOpen.load(ordering: .relaxed))
      }
    }
  }
}

private final class Owner: Sendable {
  private let memory: Memory
  private let released: @Sendable () -> Void

  init(_ memory: Memory, _ released: @escaping @Sendable () -> Void) {
    self.memory = memory
    self.released = released
  }

  deinit { released() }
}

extension Range<Int> {
  /// Each number as eight bytes, greatest first.
  fileprivate func flatMapBytes() -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count * 8) { buffer, used in
      for number in self {
        UnsafeMutableRawBufferPointer(buffer).storeBytes(of: number.bigEndian, toByteOffset: number * 8, as: Int.self)
      }
      used = count * 8
    }
  }
}

private func residentBytes() -> Int {
  guard let file = fopen("/proc/self/statm", "r") else { return 0 }
  defer { fclose(file) }
  var line = [CChar](repeating: 0, count: 128)
  fgets(&line, 128, file)
  let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  return (Int(text.split(separator: " ")[1]) ?? 0) * 4096
}

/// What malloc(3) has given out: its malloc_info(3) less what is free.
private func allocatedBytes() -> Int {
  typealias Function = @convention(c) (Int32, UnsafeMutablePointer<FILE>) -> Int32
  var text: UnsafeMutablePointer<CChar>?
  var length = 0
  guard let symbol = dlsym(nil, "malloc_info"), let file = open_memstream(&text, &length) else { return 0 }
  _ = unsafeBitCast(symbol, to: Function.self)(0, file)
  fclose(file)
  guard let text else { return 0 }
  defer { free(text) }
  // The last lines are the totals of all arenas.
  func last(_ pattern: String) -> Int {
    let line = String(cString: text).split(separator: "\n").last { $0.contains(pattern) } ?? ""
    let size = line.split(separator: "size=\"").last?.prefix { $0 != "\"" } ?? ""
    return Int(size) ?? 0
  }
  return last("system type=\"current\"") + last("type=\"mmap\"") - last("type=\"fast\"") - last("type=\"rest\"")
}

private let isMallocCounted: Bool = {
  let before = allocatedBytes()
  let block = malloc(64 << 20)
  defer { free(block) }
  return allocatedBytes() - before > 32 << 20
}()

/// The descriptors of this process that are sockets bound to `port` at our end.
private func openSockets(port: Int) -> [Int32] { (0..<4096).filter { Sockets.localPort($0) == port } }
