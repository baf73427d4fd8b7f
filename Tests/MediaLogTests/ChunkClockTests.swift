import MediaLog
import Testing

@Suite struct ChunkClockTests {
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
    #expect(clock.chunkStart == 1_000 + 50 * 3_600)
  }

  @Test func theLastChunkLastsToTheEndOfItsLastFrame() {
    var clock = ChunkClock()
    clock.restart(at: 0)
    for frame in 0..<5 { clock.observe(Int64(frame) * 1_800) }
    #expect(clock.seal(next: nil) == 5 * 1_800)
  }

  @Test func timeThatRunsBackwardsGivesNoNegativeDuration() {
    var clock = ChunkClock()
    clock.restart(at: 90_000)
    clock.observe(10)
    #expect(clock.seal(next: 20) == 0)
  }
}
