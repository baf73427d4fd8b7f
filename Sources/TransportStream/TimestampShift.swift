/// Moves all times of a stream by a constant: PCR, OPCR, PTS and DTS (ISO/IEC 13818-1 sections 2.4.3.5 and 2.4.3.7), so that
/// a source that was started apart goes on where another ended.
///
/// A PES header that goes on in a second packet keeps its times; the multiplexers that make our streams never write one.
package struct TimestampShift: Sendable, Equatable {
  private static let wrap: Int64 = 1 << 33
  private let ticks: Int64

  /// `ticks`: 90 kHz, any sign; times wrap at 33 bits.
  package init(ticks: Int64) { self.ticks = (ticks % Self.wrap + Self.wrap) % Self.wrap }

  package static let none = TimestampShift(ticks: 0)

  /// Changes whole packets in place; bytes behind the last whole one stay as they are.
  package func apply(to packets: UnsafeMutableRawBufferPointer) {
    guard ticks != 0, let base = packets.baseAddress else { return }
    for offset in stride(from: 0, to: packets.count - PacketView.size + 1, by: PacketView.size) {
      shift(base + offset)
    }
  }

  private func shift(_ packet: UnsafeMutableRawPointer) {
    let bytes = packet.assumingMemoryBound(to: UInt8.self)
    let view = PacketView(packet)
    guard view.isWellFormed, view.pid != PacketView.nullPID else { return }
    if view.hasAdaptationField { shiftClocks(bytes) }
    guard view.payloadUnitStart, view.hasPayload, view.scrambling == 0 else { return }
    guard case .complete(let header) = PESHeader.parse(view.payload) else { return }
    let start = view.payloadOffset
    if header.presentationTime != nil { shiftTime(bytes + start + 9) }
    if header.decodeTime != nil { shiftTime(bytes + start + 14) }
  }

  private func shiftClocks(_ bytes: UnsafeMutablePointer<UInt8>) {
    let length = Int(bytes[4])
    guard length > 0 else { return }
    var offset = 6
    for flag in [0x10, 0x08] as [UInt8] where bytes[5] & flag != 0 {
      guard offset + 6 <= 5 + length else { return }
      shiftClock(bytes + offset)
      offset += 6
    }
  }

  /// 33 bits of 90 kHz, six reserved bits, nine of 27 MHz.
  private func shiftClock(_ field: UnsafeMutablePointer<UInt8>) {
    let high = Int64(field[0]) << 25 | Int64(field[1]) << 17 | Int64(field[2]) << 9
    let base = moved(high | Int64(field[3]) << 1 | Int64(field[4] >> 7))
    for (index, places) in [25, 17, 9, 1].enumerated() { field[index] = UInt8(base >> places & 0xFF) }
    field[4] = field[4] & 0x7F | UInt8(base & 1) << 7
  }

  /// 33 bits in five bytes with three marker bits and a prefix of four, which stay.
  private func shiftTime(_ field: UnsafeMutablePointer<UInt8>) {
    let high = Int64(field[0] >> 1 & 0x07) << 30 | Int64(field[1]) << 22 | Int64(field[2] >> 1) << 15
    let time = moved(high | Int64(field[3]) << 7 | Int64(field[4] >> 1))
    field[0] = field[0] & 0xF1 | UInt8(time >> 30 & 0x07) << 1
    field[1] = UInt8(time >> 22 & 0xFF)
    field[2] = field[2] & 0x01 | UInt8(time >> 15 & 0x7F) << 1
    field[3] = UInt8(time >> 7 & 0xFF)
    field[4] = field[4] & 0x01 | UInt8(time & 0x7F) << 1
  }

  private func moved(_ time: Int64) -> Int64 { (time + ticks) & (Self.wrap - 1) }
}
