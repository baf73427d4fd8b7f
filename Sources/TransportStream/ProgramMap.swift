/// A program as its map table describes it: ISO/IEC 13818-1 section 2.4.4.8.
package struct ProgramMap: Equatable, Sendable {
  package struct Stream: Equatable, Sendable {
    package var pid: UInt16
    package var streamType: UInt8
    package var codec: StreamCodec
  }

  package var programNumber: UInt16
  /// The PID that the table itself comes on.
  package var tablePID: UInt16
  /// The PID that carries the clock; 0x1FFF if there is none.
  package var clockPID: UInt16
  package var version: UInt8
  /// current_next_indicator: false for a table that is not yet valid.
  package var isCurrent: Bool
  package var streams: [Stream]

  /// Nil if this is not a PMT section or its lengths contradict each other. `section` goes from table_id to CRC; the CRC
  /// is not looked at.
  package init?(section: UnsafeRawBufferPointer, tablePID: UInt16) {
    guard section.count >= 16, section[0] == 0x02 else { return nil }
    self.tablePID = tablePID
    programNumber = UInt16(section[3]) << 8 | UInt16(section[4])
    version = section[5] >> 1 & 0x1F
    isCurrent = section[5] & 1 != 0
    clockPID = UInt16(section[8] & 0x1F) << 8 | UInt16(section[9])
    streams = []
    let end = section.count - 4
    var offset = 12 + ProgramMap.length(section, at: 10)
    while offset + 5 <= end {
      let next = offset + 5 + ProgramMap.length(section, at: offset + 3)
      guard next <= end else { return nil }
      let pid = UInt16(section[offset + 1] & 0x1F) << 8 | UInt16(section[offset + 2])
      let descriptors = UnsafeRawBufferPointer(rebasing: section[offset + 5..<next])
      let codec = StreamCodec(streamType: section[offset], descriptors: descriptors)
      if pid >= 0x10, pid != PacketView.nullPID {
        streams.append(Stream(pid: pid, streamType: section[offset], codec: codec))
      }
      offset = next
    }
    guard offset <= end else { return nil }
  }

  private static func length(_ section: UnsafeRawBufferPointer, at offset: Int) -> Int {
    Int(section[offset] & 0x0F) << 8 | Int(section[offset + 1])
  }

  package var firstVideo: Stream? { streams.first { $0.codec.isVideo } }
  package var firstAudio: Stream? { streams.first { $0.codec.isAudio } }
}
