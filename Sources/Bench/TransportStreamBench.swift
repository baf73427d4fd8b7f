import Glibc
import TransportStream

/// How fast aligner and normaliser are together: bytes of input by CPU time of the one thread they need.
enum TransportStreamBench {
  private struct Shape {
    var name: String
    var stream: [UInt8]
    var pieceSize: Int
    var continuing: ContiguousArray<PIDContinuity> = []
  }

  private static let bytes = 32 << 20
  private static let passes = 12

  static func run() {
    let usual = BenchStream(bytes: bytes, usesIndicator: true, nullShare: 0).bytes
    let counters: ContiguousArray = [PIDContinuity(pid: 256, counter: 3), PIDContinuity(pid: 257, counter: 9)]
    let shapes = [
      Shape(name: "64 KiB pieces", stream: usual, pieceSize: 65_536),
      Shape(name: "1,316 B pieces", stream: usual, pieceSize: 1_316),
      Shape(name: "1,460 B pieces, torn packets", stream: usual, pieceSize: 1_460),
      Shape(name: "counters rewritten", stream: usual, pieceSize: 65_536, continuing: counters),
      Shape(
        name: "no indicator: pictures parsed",
        stream: BenchStream(bytes: bytes, usesIndicator: false, nullShare: 0).bytes, pieceSize: 65_536),
      Shape(
        name: "a tenth null packets", stream: BenchStream(bytes: bytes, usesIndicator: true, nullShare: 10).bytes,
        pieceSize: 65_536),
    ]
    print("TransportStream: aligner and normaliser\n  GB/s a core   ns a packet   points   shape")
    for shape in shapes { measure(shape) }
  }

  private static func measure(_ shape: Shape) {
    var best = Double.infinity
    var points: UInt64 = 0
    for _ in 0..<passes {
      // Packets are modified where they lie: each pass gets its own copy, made before the clock starts.
      var stream = shape.stream
      stream.withUnsafeMutableBytes { _ in }
      var aligner = PacketAligner()
      var normalizer = StreamNormalizer(continuing: shape.continuing)
      normalizer.beginRun()
      var put = 0
      let began = cpuSeconds()
      stream.withUnsafeMutableBytes { all in
        var offset = 0
        while offset < all.count {
          let end = min(offset + shape.pieceSize, all.count)
          aligner.push(UnsafeMutableRawBufferPointer(rebasing: all[offset..<end])) { run in
            normalizer.push(run) { if case .packets(let packets) = $0 { put += packets.count } }
          }
          offset = end
        }
      }
      best = min(best, cpuSeconds() - began)
      points = normalizer.counters.randomAccessPoints
      precondition(put > stream.count / 2 && normalizer.counters.continuityErrors == 0, "the stream was not understood")
    }
    let rate = Double(shape.stream.count) / best / 1e9
    let nanoseconds = best * 1e9 / Double(shape.stream.count / 188)
    print("  \(column(rate, 11))   \(column(nanoseconds, 11))   \(column(Double(points), 6))   \(shape.name)")
  }

  private static func column(_ value: Double, _ width: Int) -> String {
    let text = "\((value * 10).rounded() / 10)"
    return String(repeating: " ", count: max(width - text.count, 0)) + text
  }

  static func cpuSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }
}

/// H.264 of about 8 Mbit/s with a key picture a second, AAC, tables each 100 ms.
private struct BenchStream {
  private(set) var bytes: [UInt8] = []
  private var counters: [UInt16: UInt8] = [:]
  private var noise: UInt64 = 1
  private let nullShare: Int

  private static let tables: [(UInt16, [UInt8])] = [
    (0, [0, 0, 0xB0, 0x0D, 0, 1, 0xC1, 0, 0, 0, 1, 0xF0, 0, 0x2A, 0xB1, 0x04, 0xB2]),
    (
      4096,
      [
        0, 2, 0xB0, 0x17, 0, 1, 0xC1, 0, 0, 0xE1, 0, 0xF0, 0, 0x1B, 0xE1, 0, 0xF0, 0, 0x0F, 0xE1, 0x01, 0xF0, 0, 0x2F,
        0x44,
        0xB9, 0x9B,
      ]
    ),
  ]
  private static let parameters: [UInt8] = [
    0, 0, 0, 1, 0x67, 0x64, 0, 0x0C, 0xAC, 0xD9, 0x41, 0x41, 0x9F, 0x9F, 1, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 3, 0x20,
    0xF1,
    0x42, 0x99, 0x60,
  ]

  init(bytes size: Int, usesIndicator: Bool, nullShare: Int) {
    self.nullShare = nullShare
    bytes.reserveCapacity(size + 200_000)
    var picture: Int64 = 0
    while bytes.count < size {
      if picture % 3 == 0 { for (pid, section) in BenchStream.tables { packet(pid, start: true, section, fill: 0xFF) } }
      let time = picture * 3600
      let isKey = picture % 25 == 0
      let head: [UInt8] =
        isKey ? BenchStream.parameters + [0, 0, 1, 0x65] : [0, 0, 0, 1, 0x09, 0xF0, 0, 0, 1, 0x41, 0x9A]
      unit(256, 0xE0, time, head, size: isKey ? 120_000 : 36_000, isPoint: isKey && usesIndicator, hasClock: true)
      unit(257, 0xC0, time, [0xFF, 0xF1, 0x4C, 0x80], size: 640, isPoint: false, hasClock: false)
      picture += 1
    }
  }

  private mutating func unit(
    _ pid: UInt16, _ streamID: UInt8, _ time: Int64, _ head: [UInt8], size: Int, isPoint: Bool, hasClock: Bool
  ) {
    let stamp: [UInt8] = [
      0x21 | UInt8(time >> 29 & 0x0E), UInt8(time >> 22 & 0xFF), UInt8(time >> 14 & 0xFE) | 1, UInt8(time >> 7 & 0xFF),
      UInt8(time << 1 & 0xFE) | 1,
    ]
    let clock: [UInt8] = [
      UInt8(time >> 25 & 0xFF), UInt8(time >> 17 & 0xFF), UInt8(time >> 9 & 0xFF), UInt8(time >> 1 & 0xFF),
      UInt8(time & 1) << 7 | 0x7E, 0,
    ]
    let field: [UInt8] = hasClock ? [7, isPoint ? 0x50 : 0x10] + clock : []
    packet(pid, start: true, field: field, [0, 0, 1, streamID, 0, 0, 0x80, 0x80, 5] + stamp + head)
    for _ in 0..<size / 184 { packet(pid, start: false, []) }
  }

  private mutating func packet(_ pid: UInt16, start: Bool, field: [UInt8] = [], _ head: [UInt8], fill: UInt8? = nil) {
    let counter = counters[pid] ?? 0
    counters[pid] = (counter + 1) & 15
    let end = bytes.count + 188
    bytes += [0x47, (start ? 0x40 : 0) | UInt8(pid >> 8), UInt8(pid & 0xFF), (field.isEmpty ? 0x10 : 0x30) | counter]
    bytes += field
    bytes += head
    while bytes.count < end {
      noise = noise &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      bytes.append(fill ?? UInt8(noise >> 56) | 0x10)
    }
    if nullShare > 0, Int(noise >> 40) % nullShare == 0 { bytes += NullPackets.make(1) }
  }
}
