import TestKit

@testable import TransportStream

/// Aligner and normaliser together, and all that came out of them.
final class Pipeline {
  struct Marked {
    /// Where the packets that follow the mark begin in `bytes`.
    var offset: Int
    var mark: NormalizedEvent.Mark
  }

  private(set) var bytes: [UInt8] = []
  private(set) var marks: [Marked] = []
  private(set) var clocks: [Int64] = []
  var aligner = PacketAligner()
  var normalizer: StreamNormalizer

  init(continuing: ContiguousArray<PIDContinuity> = [], lastDecodeTime: Int64? = nil) {
    normalizer = StreamNormalizer(continuing: continuing, lastDecodeTime: lastDecodeTime)
    normalizer.beginRun()
  }

  /// A whole run, in pieces of 1...`upTo` bytes.
  convenience init(_ input: [UInt8], seed: UInt64 = 1, upTo: Int = 5000) {
    self.init()
    feed(input, seed: seed, upTo: upTo)
    finish()
  }

  func feed(_ input: [UInt8], seed: UInt64 = 1, upTo: Int = 5000) {
    var generator = SeededGenerator(seed: seed)
    var offset = 0
    while offset < input.count {
      let end = min(input.count, offset + Int.random(in: 1...upTo, using: &generator))
      var piece = Array(input[offset..<end])
      piece.withUnsafeMutableBytes { buffer in
        aligner.push(buffer) { run in normalizer.push(run) { take($0) } }
      }
      offset = end
    }
  }

  func finish() {
    aligner.finish { run in normalizer.push(run) { take($0) } }
    normalizer.flush { take($0) }
  }

  func nextRun(_ input: [UInt8], seed: UInt64 = 2) {
    normalizer.beginRun()
    aligner = PacketAligner()
    feed(input, seed: seed)
    finish()
  }

  private func take(_ event: NormalizedEvent) {
    switch event {
    case .packets(let packets): bytes += packets
    case .mark(let mark): marks.append(Marked(offset: bytes.count, mark: mark))
    case .clock(let clock): clocks.append(clock)
    }
  }

  var points: [Marked] { marks.filter(\.mark.randomAccess) }
  var pointTimes: [Int64?] { points.map(\.mark.decodeTime) }

  func checked(from offset: Int = 0) -> ContinuityChecker {
    var checker = ContinuityChecker()
    bytes[offset...].withUnsafeBytes { checker.push($0) }
    return checker
  }

  /// PIDs of the packets from a byte offset on.
  func pids(from offset: Int = 0) -> [UInt16] { TransportStreamTests.pids(Array(bytes[offset...])) }
}

func pids(_ bytes: [UInt8]) -> [UInt16] {
  stride(from: 0, to: bytes.count, by: 188).map { UInt16(bytes[$0 + 1] & 0x1F) << 8 | UInt16(bytes[$0 + 2]) }
}
