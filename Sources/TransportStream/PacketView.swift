/// One transport stream packet, read where it lies: ISO/IEC 13818-1 section 2.4.3.2.
///
/// The pointer must stay valid for 188 bytes while the view is used. Nothing that those bytes can contain traps.
package struct PacketView {
  /// Bytes of a packet.
  package static let size = 188
  /// The first byte of each packet.
  package static let sync: UInt8 = 0x47
  /// The PID of null packets.
  package static let nullPID: UInt16 = 0x1FFF

  let bytes: UnsafePointer<UInt8>

  package init(_ packet: UnsafeRawPointer) {
    bytes = packet.assumingMemoryBound(to: UInt8.self)
  }

  package var hasSync: Bool { bytes[0] == PacketView.sync }
  package var transportError: Bool { bytes[1] & 0x80 != 0 }
  package var payloadUnitStart: Bool { bytes[1] & 0x40 != 0 }
  /// 0...0x1FFF.
  package var pid: UInt16 { UInt16(bytes[1] & 0x1F) << 8 | UInt16(bytes[2]) }
  /// transport_scrambling_control, 0 for clear payload.
  package var scrambling: UInt8 { bytes[3] >> 6 }
  package var hasAdaptationField: Bool { bytes[3] & 0x20 != 0 }
  package var hasPayload: Bool { bytes[3] & 0x10 != 0 }
  /// 0...15.
  package var continuityCounter: UInt8 { bytes[3] & 0x0F }

  /// Whether adaptation_field_control is not the reserved 00 and the adaptation field ends inside the packet.
  package var isWellFormed: Bool {
    switch bytes[3] & 0x30 {
    case 0x10: true
    case 0x20: bytes[4] <= 183
    case 0x30: bytes[4] <= 182
    default: false
    }
  }

  /// The flags byte of the adaptation field; 0 if there is no field, it is empty, or it overruns the packet.
  private var adaptationFlags: UInt8 {
    hasAdaptationField && bytes[4] > 0 && isWellFormed ? bytes[5] : 0
  }

  package var discontinuity: Bool { adaptationFlags & 0x80 != 0 }
  package var randomAccess: Bool { adaptationFlags & 0x40 != 0 }

  /// The PCR in units of 27 MHz, 0..<2^33 × 300. An extension above 299 is not a clock and gives nil.
  package var clock: Int64? {
    guard adaptationFlags & 0x10 != 0, bytes[4] >= 7 else { return nil }
    let high = Int64(bytes[6]) << 25 | Int64(bytes[7]) << 17 | Int64(bytes[8]) << 9
    let base = high | Int64(bytes[9]) << 1 | Int64(bytes[10] >> 7)
    let fraction = Int64(bytes[10] & 1) << 8 | Int64(bytes[11])
    return fraction < 300 ? base * 300 + fraction : nil
  }

  /// Where the payload begins, 188 if there is none.
  package var payloadOffset: Int {
    guard hasPayload, isWellFormed else { return PacketView.size }
    return hasAdaptationField ? 5 + Int(bytes[4]) : 4
  }

  /// The payload; empty if there is none.
  package var payload: UnsafeRawBufferPointer {
    let offset = payloadOffset
    return UnsafeRawBufferPointer(start: bytes + offset, count: PacketView.size - offset)
  }
}
