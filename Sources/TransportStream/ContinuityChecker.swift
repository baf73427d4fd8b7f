/// Judges a transport stream as a strict receiver would. Shares nothing with the code that makes streams.
package struct ContinuityChecker: Sendable {
  private struct Channel {
    var counter: UInt8
    var lastPayload: UInt64 = 0
    var copies = 0
  }

  /// Whole packets looked at.
  package private(set) var packets = 0
  /// Packets that do not begin with 0x47.
  package private(set) var syncErrors = 0
  /// Counters that are wrong without a discontinuity_indicator to excuse them.
  package private(set) var continuityErrors = 0
  /// Packets with discontinuity_indicator.
  package private(set) var flaggedDiscontinuities = 0
  /// Packets with the counter and the payload of the one before.
  package private(set) var duplicates = 0
  /// Packets with transport_error_indicator.
  package private(set) var transportErrors = 0
  package private(set) var nullPackets = 0
  /// The PID of the first packet.
  package private(set) var firstPID: UInt16?
  /// Packets that came before both a PAT and a PMT had.
  package private(set) var packetsBeforeTables = 0
  /// The PIDs that wrong counters were seen on, at most 16.
  package private(set) var faultyPIDs: [UInt16] = []

  private var channels: [UInt16: Channel] = [:]
  private var rest: [UInt8] = []
  private var mapPIDs: Set<UInt16> = []
  private var hasMap = false

  package init() {}

  package var firstIsPAT: Bool { firstPID == 0 }
  /// Bytes behind the last whole packet.
  package var tornBytes: Int { rest.count }
  /// No error of any kind, whole packets only, and it begins with PAT and PMT.
  package var isClean: Bool {
    syncErrors + continuityErrors + transportErrors + tornBytes + packetsBeforeTables == 0 && firstIsPAT
  }

  /// Takes the next bytes, in pieces of any length.
  package mutating func push(_ bytes: UnsafeRawBufferPointer) {
    var position = 0
    if !rest.isEmpty {
      position = min(188 - rest.count, bytes.count)
      rest.append(contentsOf: bytes[..<position])
      guard rest.count == 188 else { return }
      let whole = rest
      rest.removeAll(keepingCapacity: true)
      whole.withUnsafeBytes { check($0) }
    }
    while position + 188 <= bytes.count {
      check(UnsafeRawBufferPointer(rebasing: bytes[position..<position + 188]))
      position += 188
    }
    rest.append(contentsOf: bytes[position...])
  }

  private mutating func check(_ packet: UnsafeRawBufferPointer) {
    packets += 1
    guard packet[0] == 0x47 else {
      syncErrors += 1
      return
    }
    if packet[1] >= 0x80 { transportErrors += 1 }
    let pid = (UInt16(packet[1]) * 256 + UInt16(packet[2])) % 8192
    if firstPID == nil { firstPID = pid }
    guard pid != 8191 else {
      nullPackets += 1
      return
    }
    checkTables(packet, pid)
    checkCounter(packet, pid)
  }

  private mutating func checkTables(_ packet: UnsafeRawBufferPointer, _ pid: UInt16) {
    guard !hasMap else { return }
    if mapPIDs.contains(pid) {
      hasMap = true
    } else if pid != 0 {
      packetsBeforeTables += 1
    } else if packet[1] & 0x40 != 0, packet[3] & 0x30 == 0x10, packet[4] == 0 {
      let end = min(8 + (Int(packet[6]) % 16) * 256 + Int(packet[7]) - 4, 184)
      for offset in stride(from: 13, to: max(end, 13), by: 4) where packet[offset] != 0 || packet[offset + 1] != 0 {
        mapPIDs.insert((UInt16(packet[offset + 2]) * 256 + UInt16(packet[offset + 3])) % 8192)
      }
    }
  }

  private mutating func checkCounter(_ packet: UnsafeRawBufferPointer, _ pid: UInt16) {
    let counter = packet[3] % 16
    let hasField = packet[3] & 0x20 != 0
    let carries = packet[3] & 0x10 != 0
    let isFlagged = hasField && packet[4] > 0 && packet[5] >= 0x80
    if isFlagged { flaggedDiscontinuities += 1 }
    let payload = carries ? ContinuityChecker.digest(packet, from: hasField ? 5 + Int(packet[4]) : 4) : 0
    guard var channel = channels[pid] else {
      channels[pid] = Channel(counter: counter, lastPayload: payload)
      return
    }
    let isNext = counter == (channel.counter + 1) % 16
    let isSame = counter == channel.counter
    if carries ? isNext : isSame {
      channel.copies = 0
    } else if carries, isSame, payload == channel.lastPayload, channel.copies == 0 {
      channel.copies = 1
      duplicates += 1
    } else if !isFlagged {
      continuityErrors += 1
      if faultyPIDs.count < 16 { faultyPIDs.append(pid) }
    }
    channel.counter = counter
    if carries { channel.lastPayload = payload }
    channels[pid] = channel
  }

  /// FNV-1a over words: enough to tell payloads apart.
  private static func digest(_ packet: UnsafeRawBufferPointer, from start: Int) -> UInt64 {
    var value: UInt64 = 0xCBF2_9CE4_8422_2325
    var offset = max(start, 4)
    while offset + 8 <= 188 {
      value = (value ^ packet.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x0100_0000_01B3
      offset += 8
    }
    while offset < 188 {
      value = (value ^ UInt64(packet[offset])) &* 0x0100_0000_01B3
      offset += 1
    }
    return value
  }
}
