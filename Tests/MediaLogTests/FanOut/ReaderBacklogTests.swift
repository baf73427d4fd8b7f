import TestKit
import Testing
import TransportStream

@testable import MediaLog

@Suite struct ReaderBacklogTests {
  private let packet = NullPackets.make(1)

  /// What the backlog would send now, with as much of the log as it asks for (bytes `.`).
  private func send(_ backlog: inout ReaderBacklog, _ available: Int, only limit: Int = .max) -> [UInt8] {
    let media = backlog.begin(available)
    let bytes = backlog.withBytes { framing, carry in
      let carried = carry.prefix(media)
      return Array(framing) + Array(carried) + [UInt8](repeating: 0x2E, count: media - carried.count)
    }
    let sent = Array(bytes.prefix(limit))
    _ = backlog.consume(sent.count)
    return sent
  }

  private func end(_ backlog: inout ReaderBacklog) -> [UInt8] {
    var bytes: [UInt8] = []
    repeat {
      while !backlog.isEmpty { bytes += send(&backlog, backlog.carried) }
    } while backlog.finish()
    return bytes
  }

  @Test func aBodyThatEndsWithTheConnectionHasNoFraming() {
    var backlog = ReaderBacklog(isChunked: false)
    backlog.append(packet)
    let bytes = send(&backlog, 188 + 3)
    #expect(bytes == packet + [0x2E, 0x2E, 0x2E])
    let rest = end(&backlog)
    #expect(rest.isEmpty)
  }

  /// Whatever is sent in whatever pieces, skips and ends at any moment: the body is well framed and of whole packets.
  @Test(arguments: UInt64(1)...30) func everyBodyInChunksIsWellFramed(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var backlog = ReaderBacklog(isChunked: true)
    var bytes: [UInt8] = []
    var logOffset = 0
    for _ in 0..<60 {
      let available = backlog.carried + 188 * Int.random(in: 0...9, using: &generator)
      let media = backlog.begin(available)
      let due = backlog.withBytes { framing, carry in
        let carried = carry.prefix(media)
        return Array(framing) + Array(carried) + [UInt8](repeating: 0x2E, count: media - carried.count)
      }
      let sent = Array(due.prefix(Int.random(in: 0...due.count, using: &generator)))
      bytes += sent
      let (_, ofLog) = backlog.consume(sent.count)
      logOffset += ofLog
      let torn = logOffset % 188
      if torn > 0 {
        [UInt8](repeating: 0x2E, count: 188 - torn).withUnsafeBytes { backlog.carryRest($0) }
        logOffset += 188 - torn
      }
      if Int.random(in: 0..<4, using: &generator) == 0 { backlog.replace(with: packet + packet) }
      #expect(backlog.carried <= 3 * 188)
    }
    bytes += end(&backlog)
    let body = ChunkedBody(bytes)
    #expect(body.isComplete && body.fault == nil, "seed \(seed): \(body.fault ?? "")")
    #expect(body.content.count % 188 == 0 && !body.content.isEmpty)
    for start in stride(from: 0, to: body.content.count, by: 188) {
      let part = Array(body.content[start..<start + 188])
      #expect(part == packet || part.allSatisfy { $0 == 0x2E }, "a torn packet at \(start)")
    }
  }

  @Test func skipsThatAreNeverSentDoNotPileUp() {
    var backlog = ReaderBacklog(isChunked: false)
    [UInt8](repeating: 1, count: 100).withUnsafeBytes { backlog.carryRest($0) }
    for _ in 0..<50 { backlog.replace(with: packet) }
    #expect(backlog.carried == 100 + 188)
  }
}
