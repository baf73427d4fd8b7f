/// Packets that mean nothing: PID 0x1FFF, payload only (ISO/IEC 13818-1 section 2.4.3.3).
package enum NullPackets {
  /// `count` of them, one behind the other; none if it is negative.
  package static func make(_ count: Int) -> [UInt8] {
    let packet = [PacketView.sync, 0x1F, 0xFF, 0x10] + [UInt8](repeating: 0xFF, count: PacketView.size - 4)
    return Array(repeatElement(packet, count: max(count, 0)).joined())
  }
}
