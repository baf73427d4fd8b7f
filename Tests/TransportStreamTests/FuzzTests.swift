import TestKit
import Testing

@testable import TransportStream

/// Nothing that a stranger sends may trap, and what comes out is always whole packets.
@Suite(.timeLimit(.minutes(5)))
struct FuzzTests {
  private static let seed: UInt64 = 0x5EED_0001
  private static let iterations = 20_000

  private func mutate(_ bytes: inout [UInt8], _ generator: inout SeededGenerator) {
    for _ in 0..<Int.random(in: 1...8, using: &generator) where !bytes.isEmpty {
      let position = Int.random(in: 0..<bytes.count, using: &generator)
      switch UInt8.random(in: 0..<7, using: &generator) {
      case 0: bytes[position] = UInt8.random(in: 0...255, using: &generator)
      case 1: bytes[position] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
      case 2: bytes[position] = [0, 0xFF, 0x47, 0x7F, 0x80].randomElement(using: &generator) ?? 0
      case 3: bytes.remove(at: position)
      case 4: bytes.insert(0x47, at: position)
      case 5:
        // Something in the first bytes of a packet, where the meaning is.
        let packet = position / 188 * 188
        let offset = min(packet + Int.random(in: 0..<24, using: &generator), bytes.count - 1)
        bytes[offset] = UInt8.random(in: 0...255, using: &generator)
      default:
        let packet = position / 188 * 188
        let end = min(packet + 188, bytes.count)
        let copy = bytes[packet..<end]
        bytes.insert(contentsOf: copy, at: min(packet + 188 * Int.random(in: 0...3, using: &generator), bytes.count))
      }
    }
  }

  @Test func mutationsOfRealStreamsNeverTrap() async throws {
    print("seed of the mutations: \(FuzzTests.seed)")
    var generator = SeededGenerator(seed: FuzzTests.seed)
    var samples: [[UInt8]] = []
    for shape in Shape.allCases { samples.append(try await shape.stream()) }
    for _ in 0..<FuzzTests.iterations {
      guard let sample = samples.randomElement(using: &generator) else { return }
      // Tables first, then some packets from anywhere.
      let start = Int.random(in: 0..<sample.count / 188 - 20, using: &generator) * 188
      var bytes = Array(
        sample.prefix(188 * 8) + sample[start..<start + 188 * Int.random(in: 1...20, using: &generator)])
      mutate(&bytes, &generator)
      bytes.insert(UInt8.random(in: 0...255, using: &generator), at: 0)
      bytes.withUnsafeBytes { fuzzTransportStream($0) }
    }
  }

  @Test func noiseNeverTraps() {
    var generator = SeededGenerator(seed: FuzzTests.seed)
    for _ in 0..<2_000 {
      var bytes = (0..<Int.random(in: 0...3000, using: &generator)).map { _ in
        UInt8.random(in: 0...255, using: &generator)
      }
      // Half of it with sync bytes, so that it gets past the aligner.
      if Bool.random(using: &generator) {
        for offset in stride(from: 1, to: bytes.count, by: 188) { bytes[offset] = 0x47 }
      }
      bytes.withUnsafeBytes { fuzzTransportStream($0) }
    }
  }

  @Test func tablesFullOfNoiseNeverTrap() {
    var generator = SeededGenerator(seed: FuzzTests.seed)
    for _ in 0..<2_000 {
      // Right CRC, wrong contents.
      let entries = (0..<Int.random(in: 0...40, using: &generator)).map { _ in
        (
          number: UInt16.random(in: 0...3, using: &generator),
          pid: UInt16.random(in: 0...0x1FFF, using: &generator) & 0x103F
        )
      }
      var stream = TestStream()
      stream.section(TestStream.association(entries), pid: 0)
      for entry in entries.prefix(6) {
        let streams = (0..<3).map { _ in
          (
            type: [0x1B, 0x24, 0x02, 0x06, 0x0F, 0xEA].randomElement(using: &generator) ?? 0 as UInt8,
            pid: UInt16.random(in: 0...0x1FFF, using: &generator) & 0x103F,
            descriptors: (0..<Int.random(in: 0...9, using: &generator)).map { _ in
              UInt8.random(in: 0...255, using: &generator)
            }
          )
        }
        let clock = UInt16.random(in: 0...0x1FFF, using: &generator) & 0x103F
        stream.section(TestStream.map(program: entry.number, clockPID: clock, streams: streams), pid: entry.pid)
        for stream0 in streams {
          stream.pes(
            pid: stream0.pid, presentation: Int64.random(in: 0..<1 << 33, using: &generator),
            payload: Picture.key(size: 20))
        }
      }
      ([UInt8.random(in: 0...255, using: &generator)] + stream.bytes).withUnsafeBytes { fuzzTransportStream($0) }
    }
  }
}
