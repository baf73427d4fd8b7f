import TestKit
import Testing
import TransportStream

@Suite struct TimestampShiftTests {
  private func shifted(_ bytes: [UInt8], by ticks: Int64) -> [UInt8] {
    var bytes = bytes
    bytes.withUnsafeMutableBytes { TimestampShift(ticks: ticks).apply(to: $0) }
    return bytes
  }

  @Test(arguments: Shape.allCases, [90_000, -45_000, 1 << 33 - 1, 7] as [Int64])
  func allTimesMoveAndNothingElse(_ shape: Shape, ticks: Int64) async throws {
    let source = try await shape.stream()
    let moved = shifted(source, by: ticks)
    let (before, after) = (Pipeline(source), Pipeline(moved))
    #expect(after.checked().isClean)
    #expect(before.marks.count == after.marks.count)
    for (old, new) in zip(before.marks, after.marks) {
      let (old, new) = (old.mark, new.mark)
      if let time = old.decodeTime { #expect(((new.decodeTime ?? -1) - time - ticks) % (1 << 33) == 0) }
      if let time = old.presentationTime { #expect(((new.presentationTime ?? -1) - time - ticks) % (1 << 33) == 0) }
    }
    for (old, new) in zip(before.clocks, after.clocks) { #expect((new - old - ticks * 300) % ((1 << 33) * 300) == 0) }
    #expect(shifted(moved, by: -ticks) == source)
  }

  @Test func nothingMovesByNothing() async throws {
    let source = try await Shape.h264.stream()
    #expect(shifted(source, by: 0) == source)
    #expect(shifted(source, by: 1 << 33) == source)
  }

  @Test func whateverComesDoesNotTrap() {
    var generator = SeededGenerator(seed: 5)
    for _ in 0..<2_000 {
      var packet = (0..<188).map { _ in UInt8.random(in: 0...255, using: &generator) }
      packet[0] = 0x47
      let changed = shifted(packet + [1, 2], by: 123_456)
      #expect(changed.count == 190 && changed.suffix(2) == [1, 2])
    }
  }
}
