import Identifiers
import MediaLog
import TestKit
import Testing

@Suite struct LogWindowTests {
  @Test func chunksAreFoundByNumber() {
    var log = MadeLog(seconds: 3)
    for _ in 0..<5 { log.seal() }
    #expect(log.window.items.map(\.chunk.number.value) == [3, 4, 5])
    #expect(log.window.index(of: ChunkNumber(3)) == 0)
    #expect(log.window.index(of: ChunkNumber(5)) == 2)
    #expect(log.window.index(of: ChunkNumber(2)) == nil)
    #expect(log.window.index(of: ChunkNumber(6)) == nil)
    #expect(log.window.index(of: ChunkNumber(.max)) == nil)
  }

  @Test func onlyWhatIsPublishedCanBeRead() {
    var window = LogWindow()
    window.open(Made.chunk(1))
    #expect(window.joinPosition(secondsBehind: 0) == nil)
    window.publish(376)
    #expect(window.last?.byteCount == 376)
    #expect(window.joinPosition(secondsBehind: 0) == ChunkNumber(1))
    window.seal(byteCount: 564, duration: 9, limits: WindowLimits(seconds: 9, bytes: 1 << 20))
    window.publish(188)
    #expect(window.last?.byteCount == 564, "a sealed chunk does not shrink")
  }

  @Test func joinersBeginAtTheNewestPointThatIsFarEnoughBack() {
    var log = MadeLog()
    for number in 0..<12 { log.seal(seconds: 0.5, isRandomAccess: number % 4 == 0) }
    // Points at 6, 4 and 2 seconds before the end: chunks 1, 5, 9.
    let positions = [0, 1.9, 2, 2.1, 4, 5.9, 6, 100, -3, .infinity].map {
      log.window.joinPosition(secondsBehind: $0)?.value
    }
    #expect(positions == [9, 9, 9, 5, 5, 1, 1, 1, 9, 1])
    #expect(log.window.secondsBehind(ChunkNumber(9)) == 2)
    #expect(log.window.secondsBehind(ChunkNumber(12)) == 0.5)
  }

  @Test func withoutARandomAccessPointNobodyJoins() {
    var log = MadeLog()
    for _ in 0..<3 { log.seal(isRandomAccess: false) }
    #expect(log.window.joinPosition(secondsBehind: 0) == nil)
  }

  @Test func theWindowIsBoundedByBytesAndKeepsTheNewestChunk() {
    var log = MadeLog(bytes: 300_000)
    for _ in 0..<10 { log.seal(bytes: 102_648) }
    #expect(log.window.items.count == 2)
    log.seal(bytes: Chunk.capacity)
    #expect(log.window.items.count == 1)
    #expect(log.window.sealedBytes == Chunk.footprint(Chunk.capacity))
  }

  @Test func tinyChunksCountAsWhatTheyTakeInMemory() {
    var log = MadeLog(seconds: 3_600, bytes: 1 << 20)
    for _ in 0..<1_000 { log.seal(seconds: 0, bytes: 188) }
    #expect(log.window.items.count == 256)
  }

  @Test func numbersThatDoNotFollowEmptyTheWindow() {
    var log = MadeLog()
    for _ in 0..<3 { log.seal() }
    log.window.open(Made.chunk(9))
    #expect(log.window.items.map(\.chunk.number.value) == [9])
    #expect(log.window.sealedBytes == 0 && log.window.sealedSpan == 0)
  }

  /// The sums are those of the items, and the items follow each other, whatever happens.
  @Test(arguments: UInt64(1)...8) func theBoundsHoldForAnyChunks(_ seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    var log = MadeLog(
      seconds: Double.random(in: 1...60, using: &generator),
      bytes: Int.random(in: 300_000...9_000_000, using: &generator))
    for _ in 0..<200 {
      log.seal(
        seconds: Double.random(in: 0...2, using: &generator), bytes: 188 * Int.random(in: 1...1_394, using: &generator),
        isRandomAccess: Bool.random(using: &generator))
      let items = log.window.items
      #expect(log.window.sealedBytes == items.reduce(0) { $0 + Chunk.footprint($1.byteCount) })
      #expect(log.window.sealedSpan == items.reduce(0) { $0 + $1.duration })
      #expect(items.count == 1 || log.window.sealedBytes <= log.limits.bytes)
      #expect(items.count == 1 || log.window.sealedSpan <= log.limits.span)
      #expect(zip(items, items.dropFirst()).allSatisfy { $0.chunk.number.next == $1.chunk.number })
    }
  }
}
