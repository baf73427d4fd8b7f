/// Carries the continuity counters of a stream on through the packets of a muxer that begins anew each time.
package struct ContinuityLine {
  package private(set) var counters: [PIDContinuity]

  package init(after counters: [PIDContinuity]) { self.counters = counters }

  /// Writes the counter of one packet where it lies. ISO/IEC 13818-1 section 2.4.3.3: only payload counts.
  package mutating func continueThrough(_ packet: UnsafeMutableRawPointer) {
    let view = PacketView(packet)
    guard view.pid != PacketView.nullPID else { return }
    let head = packet.load(fromByteOffset: 3, as: UInt8.self)
    guard let index = counters.firstIndex(where: { $0.pid == view.pid }) else {
      return counters.append(PIDContinuity(pid: view.pid, counter: head & 0x0F))
    }
    if view.hasPayload { counters[index].counter = (counters[index].counter + 1) & 0x0F }
    packet.storeBytes(of: head & 0xF0 | counters[index].counter, toByteOffset: 3, as: UInt8.self)
  }
}
