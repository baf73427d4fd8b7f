internal import Glibc

/// Packets in memory of our own, at an address that changes only when it grows.
struct PacketBuffer: ~Copyable {
  private var bytes: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// Packets.
  private(set) var count = 0

  init(capacity: Int) {
    self.capacity = capacity
    bytes = .allocate(capacity: capacity * PacketView.size)
  }

  deinit { bytes.deallocate() }

  /// Valid until the next `append` or `removeAll`. `index` 0..<count.
  subscript(index: Int) -> UnsafeMutablePointer<UInt8> {
    bytes + index * PacketView.size
  }

  mutating func removeAll() { count = 0 }

  mutating func append(_ packet: UnsafePointer<UInt8>) {
    memcpy(extend(), packet, PacketView.size)
  }

  private mutating func extend() -> UnsafeMutablePointer<UInt8> {
    if count == capacity {
      let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2 * PacketView.size)
      memcpy(larger, bytes, capacity * PacketView.size)
      bytes.deallocate()
      bytes = larger
      capacity *= 2
    }
    count += 1
    return bytes + (count - 1) * PacketView.size
  }

  /// Appends a section as packets of its own, counters 0: ISO/IEC 13818-1 section 2.4.4.
  mutating func append(section: UnsafeRawBufferPointer, pid: UInt16) {
    var offset = 0
    while offset < section.count {
      let packet = extend()
      let isFirst = offset == 0
      let header = isFirst ? 5 : 4
      packet[0] = PacketView.sync
      packet[1] = UInt8(pid >> 8 & 0x1F) | (isFirst ? 0x40 : 0)
      packet[2] = UInt8(pid & 0xFF)
      packet[3] = 0x10
      if isFirst { packet[4] = 0 }
      let taken = min(section.count - offset, PacketView.size - header)
      UnsafeMutableRawBufferPointer(start: packet + header, count: taken)
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: section[offset..<offset + taken]))
      memset(packet + header + taken, 0xFF, PacketView.size - header - taken)
      offset += taken
    }
  }
}
