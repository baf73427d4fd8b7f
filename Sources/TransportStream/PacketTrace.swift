/// What tells the packets of a source from each other, whichever connection they came by: the end of a log is found with it
/// in what another connection to the same source has sent.
///
///     log:        … v v a v|               the last packets; its counters and tables are its own
///     connection:     v a v v a …          the log goes on behind the packet that is its last
///                         ^
///
/// Null packets and those without payload and clock do not count.
package struct PacketTrace: Sendable {
  private struct Entry {
    var mark: UInt64
    /// Packets before it, since the beginning.
    var packet: Int
    var pid: UInt16
    /// A PES packet with a time begins here, of which there is one.
    var isTimed: Bool
  }

  private var entries: ContiguousArray<Entry> = []
  /// Packets since the beginning, and of those the ones that are dropped.
  private var count = 0
  private var dropped = 0

  package init() {}

  /// Takes the next packets; bytes behind the last whole one are ignored.
  package mutating func append(_ packets: UnsafeRawBufferPointer) {
    guard let base = packets.baseAddress else { return }
    for offset in stride(from: 0, to: packets.count - PacketView.size + 1, by: PacketView.size) {
      note(base + offset)
      count += 1
    }
  }

  /// Takes what comes behind this.
  package mutating func append(_ later: PacketTrace) {
    entries += later.entries.map { entry in
      var entry = entry
      entry.packet += count
      return entry
    }
    count += later.count
  }

  /// Forgets the oldest packets.
  package mutating func removeFirst(_ packets: Int) {
    dropped = min(dropped + packets, count)
    entries.removeFirst(entries.firstIndex { $0.packet >= dropped } ?? entries.count)
  }

  /// Whether it can be found: a PES packet with a time begins in it.
  package var isDistinct: Bool { entries.contains(where: \.isTimed) }

  /// The packets up to the last one of `tail`, which are all there in their order since the last PES packet that begins in
  /// it; nil if they are not. `tables`: PIDs that are not compared.
  package func end(of tail: PacketTrace, except tables: Set<UInt16>) -> Int? {
    guard let first = tail.entries.lastIndex(where: { $0.isTimed && !tables.contains($0.pid) }) else { return nil }
    let wanted = tail.entries[first...].filter { !tables.contains($0.pid) }
    for start in entries.indices.reversed() where entries[start].mark == wanted[0].mark {
      if let end = match(wanted, from: start, except: tables) { return end }
    }
    return nil
  }

  private func match(_ wanted: [Entry], from start: Int, except tables: Set<UInt16>) -> Int? {
    var found = 0
    for entry in entries[start...] where !tables.contains(entry.pid) {
      guard entry.mark == wanted[found].mark else { return nil }
      found += 1
      if found == wanted.count { return entry.packet - dropped + 1 }
    }
    return nil
  }

  private mutating func note(_ packet: UnsafeRawPointer) {
    let view = PacketView(packet)
    guard view.hasSync, view.isWellFormed, !view.transportError, view.pid != PacketView.nullPID,
      view.hasPayload || view.clock != nil
    else { return }
    var isTimed = false
    if view.payloadUnitStart, view.scrambling == 0, case .complete(let header) = PESHeader.parse(view.payload) {
      isTimed = header.presentationTime != nil
    }
    entries.append(Entry(mark: Self.mark(packet, view), packet: count, pid: view.pid, isTimed: isTimed))
  }

  /// Of all its bits but the counter and discontinuity_indicator.
  private static func mark(_ packet: UnsafeRawPointer, _ view: PacketView) -> UInt64 {
    var head = packet.loadUnaligned(as: UInt64.self).bigEndian & 0xFFFF_FFF0_FFFF_FFFF
    if view.hasAdaptationField { head &= 0xFFFF_FFFF_FF7F_FFFF }
    var sum = head
    for offset in stride(from: 8, to: 184, by: 8) {
      sum = mixed(sum, packet.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
    return mixed(sum, UInt64(packet.loadUnaligned(fromByteOffset: 184, as: UInt32.self)))
  }

  private static func mixed(_ sum: UInt64, _ word: UInt64) -> UInt64 {
    let product = (sum ^ word) &* 0x9E37_79B9_7F4A_7C15
    return product ^ product >> 32
  }
}
