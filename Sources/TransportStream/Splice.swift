/// The last continuity counter of a PID.
package struct PIDContinuity: Equatable, Sendable {
  package var pid: UInt16
  /// 0...15.
  package var counter: UInt8

  package init(pid: UInt16, counter: UInt8) {
    self.pid = pid
    self.counter = counter
  }

  /// `counters` after `packets`, which are whole: each PID's last counter, new PIDs at the end.
  package static func moved(
    _ counters: ContiguousArray<PIDContinuity>, over packets: UnsafeRawBufferPointer
  ) -> ContiguousArray<PIDContinuity> {
    var result = counters
    guard let base = packets.baseAddress else { return result }
    for offset in stride(from: 0, to: packets.count - PacketView.size + 1, by: PacketView.size) {
      let packet = PacketView(base + offset)
      let pid = packet.pid
      guard pid != PacketView.nullPID else { continue }
      if let index = result.firstIndex(where: { $0.pid == pid }) {
        result[index].counter = packet.continuityCounter
      } else {
        result.append(PIDContinuity(pid: pid, counter: packet.continuityCounter))
      }
    }
    return result
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
