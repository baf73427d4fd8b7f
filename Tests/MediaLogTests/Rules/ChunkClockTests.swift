import MediaLog
import Testing

@Suite struct ChunkClockTests {
  private let second: Int64 = 90_000

  @Test func durationsAddUpToTheDistanceOfRandomAccessPoints() {
    var clock = ChunkClock()
    clock.restart(at: 1_000)
    var sum: Int64 = 0
    for frame in 0..<50 {
      clock.observe(1_000 + Int64(frame) * 3_600)
      if frame % 6 == 5 { sum += clock.seal(next: nil) }
    }
    sum += clock.seal(next: 1_000 + 50 * 3_600)
    #expect(sum == 50 * 3_600)
    #expect(clock.sealed == sum)
    #expect(clock.chunkStart == 1_000 + 50 * 3_600)
  }

  @Test func theLastChunkLastsToTheEndOfItsLastFrame() {
    var clock = ChunkClock()
    clock.restart(at: 0)
    for frame in 0..<5 { clock.observe(Int64(frame) * 1_800) }
    #expect(clock.end == 5 * 1_800)
    #expect(clock.seal(next: nil) == 5 * 1_800)
    #expect(clock.end == clock.sealed)
  }

  @Test func timeThatRunsBackwardsGivesNoNegativeDuration() {
    var clock = ChunkClock()
    clock.restart(at: 90_000)
    clock.observe(10)
    #expect(clock.seal(next: 20) == 0)
  }

  @Test func aSealWithoutMediaLastsNoTime() {
    var clock = ChunkClock()
    #expect(clock.seal(next: nil) == 0)
    clock.restart(at: nil)
    #expect(clock.seal(next: nil) == 0)
    clock.observe(1 << 40)
    #expect(clock.chunkStart == 1 << 40)
    #expect(clock.seal(next: nil) == 3_600)
    #expect(clock.seal(next: nil) == 0)
  }

  @Test(arguments: [9 * 90_000, 1 << 33, -2 * 90_000, -(1 << 33)] as [Int64])
  func aHoleInTheSourcesTimesCountsAsOneFrame(_ hole: Int64) {
    var clock = ChunkClock()
    clock.restart(at: second)
    for frame in 0..<25 { clock.observe(second + Int64(frame) * 3_600) }
    clock.observe(second + 24 * 3_600 + hole)
    #expect(clock.position == 25 * 3_600)
    #expect(clock.seal(next: second + 25 * 3_600 + hole) == 26 * 3_600)
  }

  @Test func framesThatAreFarApartAreNoHoles() {
    var clock = ChunkClock()
    clock.restart(at: 0)
    for frame in 1...10 { clock.observe(Int64(frame) * 3 * second) }
    #expect(clock.position == 9 * 3 * second + 3_600, "the first could not be told from a hole")
  }

  @Test func whatGoesBeyondTheLimitCountsForTheNextChunk() {
    var clock = ChunkClock()
    clock.restart(at: 0)
    for frame in 0..<100 { clock.observe(Int64(frame) * 3_600) }
    #expect(clock.seal(next: nil, notAfter: 300_000) == 300_000)
    #expect(clock.seal(next: 100 * 3_600) == 60_000)
    #expect(clock.sealed == 360_000)
  }
}
