@testable import TransportStream

/// Makes transport streams by hand.
struct TestStream {
  static let videoPID: UInt16 = 0x100
  static let audioPID: UInt16 = 0x101
  static let mapPID: UInt16 = 0x1000

  var bytes: [UInt8] = []
  private var counters: [UInt16: UInt8] = [:]

  /// The counter that the next packet with payload on `pid` gets.
  mutating func setCounter(_ counter: UInt8, pid: UInt16) { counters[pid] = counter }

  /// One packet; what the payload leaves free is adaptation field. An empty payload makes a packet without one.
  mutating func packet(
    pid: UInt16, start: Bool = false, payload: [UInt8], randomAccess: Bool = false, discontinuity: Bool = false,
    clock: Int64? = nil, error: Bool = false
  ) {
    let next = counters[pid] ?? 0
    let counter = payload.isEmpty ? (next &+ 15) & 15 : next
    if !payload.isEmpty { counters[pid] = (next + 1) & 15 }
    var field: [UInt8] = []
    if randomAccess || discontinuity || clock != nil || payload.count < 183 {
      field = [(discontinuity ? 0x80 : 0) | (randomAccess ? 0x40 : 0) | (clock == nil ? 0 : 0x10)]
      if let clock { field += TestStream.clockBytes(clock) }
    }
    let hasField = !field.isEmpty || payload.count < 184
    if hasField { field += [UInt8](repeating: 0xFF, count: 183 - field.count - payload.count) }
    let control: UInt8 = (hasField ? 0x20 : 0) | (payload.isEmpty ? 0 : 0x10)
    bytes += [0x47, (error ? 0x80 : 0) | (start ? 0x40 : 0) | UInt8(pid >> 8), UInt8(pid & 0xFF), control | counter]
    bytes += (hasField ? [UInt8(field.count)] + field : []) + payload
    precondition(bytes.count % 188 == 0)
  }

  static func clockBytes(_ clock: Int64) -> [UInt8] {
    let (base, rest) = (clock / 300, clock % 300)
    return [
      UInt8(base >> 25 & 0xFF), UInt8(base >> 17 & 0xFF), UInt8(base >> 9 & 0xFF), UInt8(base >> 1 & 0xFF),
      UInt8(base & 1) << 7 | 0x7E | UInt8(rest >> 8), UInt8(rest & 0xFF),
    ]
  }

  /// A section over as many packets as it takes.
  mutating func section(_ section: [UInt8], pid: UInt16) {
    var rest = [0] + section
    var isFirst = true
    while !rest.isEmpty {
      let part = Array(rest.prefix(184))
      rest.removeFirst(part.count)
      packet(pid: pid, start: isFirst, payload: part + [UInt8](repeating: 0xFF, count: 184 - part.count))
      isFirst = false
    }
  }

  /// A PES packet over as many packets as it takes. Times are 33 bits of 90 kHz.
  mutating func pes(
    pid: UInt16 = videoPID, streamID: UInt8 = 0xE0, presentation: Int64?, decode: Int64? = nil, payload: [UInt8],
    randomAccess: Bool = false, discontinuity: Bool = false, clock: Int64? = nil, packetSize: Int = 176
  ) {
    var rest = TestStream.pesHeader(streamID: streamID, presentation: presentation, decode: decode) + payload
    var isFirst = true
    while !rest.isEmpty {
      let part = Array(rest.prefix(packetSize))
      rest.removeFirst(part.count)
      packet(
        pid: pid, start: isFirst, payload: part, randomAccess: isFirst && randomAccess,
        discontinuity: isFirst && discontinuity, clock: isFirst ? clock : nil)
      isFirst = false
    }
  }

  static func pesHeader(streamID: UInt8 = 0xE0, presentation: Int64?, decode: Int64? = nil) -> [UInt8] {
    var times: [UInt8] = []
    if let presentation { times += timestamp(presentation, prefix: decode == nil ? 0x20 : 0x30) }
    if let decode { times += timestamp(decode, prefix: 0x10) }
    let flags: UInt8 = (presentation == nil ? 0 : 0x80) | (decode == nil ? 0 : 0x40)
    return [0, 0, 1, streamID, 0, 0, 0x80, flags, UInt8(times.count)] + times
  }

  private static func timestamp(_ time: Int64, prefix: UInt8) -> [UInt8] {
    [
      prefix | UInt8(time >> 30 & 7) << 1 | 1, UInt8(time >> 22 & 0xFF), UInt8(time >> 15 & 0x7F) << 1 | 1,
      UInt8(time >> 7 & 0xFF), UInt8(time & 0x7F) << 1 | 1,
    ]
  }

  /// PAT and a PMT with H.264 and AAC.
  mutating func tables(
    streams: [(type: UInt8, pid: UInt16, descriptors: [UInt8])] = [(0x1B, videoPID, []), (0x0F, audioPID, [])],
    version: UInt8 = 0
  ) {
    section(TestStream.association([(1, TestStream.mapPID)]), pid: 0)
    section(TestStream.map(streams: streams, version: version), pid: TestStream.mapPID)
  }

  static func association(
    _ programs: [(number: UInt16, pid: UInt16)], version: UInt8 = 0, isCurrent: Bool = true
  ) -> [UInt8] {
    let body = programs.flatMap { pair($0.number) + pair(0xE000 | $0.pid) }
    return sealed(0x00, pair(1) + [0xC0 | version << 1 | (isCurrent ? 1 : 0), 0, 0] + body)
  }

  static func map(
    program: UInt16 = 1, clockPID: UInt16 = videoPID, streams: [(type: UInt8, pid: UInt16, descriptors: [UInt8])],
    version: UInt8 = 0, isCurrent: Bool = true, programInfo: [UInt8] = []
  ) -> [UInt8] {
    let head = pair(program) + [0xC0 | version << 1 | (isCurrent ? 1 : 0), 0, 0] + pair(0xE000 | clockPID)
    let info = pair(0xF000 | UInt16(programInfo.count)) + programInfo
    let entries = streams.flatMap { stream in
      [stream.type] + pair(0xE000 | stream.pid) + pair(0xF000 | UInt16(stream.descriptors.count)) + stream.descriptors
    }
    return sealed(0x02, head + info + entries)
  }

  private static func pair(_ value: UInt16) -> [UInt8] { [UInt8(value >> 8), UInt8(value & 0xFF)] }

  private static func sealed(_ tableID: UInt8, _ body: [UInt8]) -> [UInt8] {
    let section = [tableID] + pair(0xB000 | UInt16(body.count + 4)) + body
    let crc = section.withUnsafeBytes { CRC32.of($0) }
    return section + pair(UInt16(crc >> 16)) + pair(UInt16(crc & 0xFFFF))
  }
}

/// Access units that are none, but begin like some.
enum Picture {
  static let parameters: [UInt8] = [
    0, 0, 0, 1, 0x67, 0x64, 0x00, 0x0C, 0xAC, 0xD9, 0x41, 0x41, 0x9F, 0x9F, 0x01, 0x10, 0, 0, 3, 0, 0x10, 0, 0, 3, 3,
    0x20,
    0xF1, 0x42, 0x99, 0x60,
  ]
  private static let delimiter: [UInt8] = [0, 0, 0, 1, 0x09, 0xF0]

  /// H.264 with parameters (320 × 180) and an IDR slice.
  static func key(size: Int = 600) -> [UInt8] { delimiter + parameters + [0, 0, 1, 0x65] + filler(size) }
  /// H.264 with a P slice.
  static func inter(size: Int = 300) -> [UInt8] { delimiter + [0, 0, 1, 0x41, 0x9A] + filler(size) }

  static func filler(_ size: Int) -> [UInt8] { (0..<max(size, 0)).map { UInt8($0 % 200 + 20) } }
}
