/// The last continuity counter of a PID.
package struct PIDContinuity: Equatable, Sendable {
  package var pid: UInt16
  /// 0...15.
  package var counter: UInt8

  package init(pid: UInt16, counter: UInt8) {
    self.pid = pid
    self.counter = counter
  }
}

/// What stands at a joint of a stream with itself or another.
package enum Splice {
  /// One packet for each PID, without payload, with discontinuity_indicator and the counter given: the one before the
  /// counter of the next packet with payload (ISO/IEC 13818-1 sections 2.4.3.3 and 2.4.3.5). A reader that gets these
  /// packets first takes whatever comes then for a flagged discontinuity.
  package static func preface(continuity: some Collection<PIDContinuity>) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(continuity.count * PacketView.size)
    for entry in continuity {
      let header = [
        PacketView.sync, UInt8(entry.pid >> 8 & 0x1F), UInt8(entry.pid & 0xFF), 0x20 | entry.counter & 0x0F,
      ]
      bytes += header
      bytes += [183, 0x80]
      bytes += repeatElement(0xFF, count: PacketView.size - 6)
    }
    return bytes
  }
}
