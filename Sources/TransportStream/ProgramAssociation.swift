/// One section of the program association table: ISO/IEC 13818-1 section 2.4.4.3.
package struct ProgramAssociation: Equatable, Sendable {
  package struct Entry: Equatable, Sendable {
    package var programNumber: UInt16
    package var tablePID: UInt16
  }

  package var version: UInt8
  /// current_next_indicator: false for a table that is not yet valid.
  package var isCurrent: Bool
  package var sectionNumber: UInt8
  /// The programs; the network PID (program 0) and impossible PIDs are left out.
  package var entries: [Entry]

  /// Nil if this is not a PAT section. `section` goes from table_id to CRC; the CRC is not looked at.
  package init?(section: UnsafeRawBufferPointer) {
    guard section.count >= 12, section[0] == 0x00 else { return nil }
    version = section[5] >> 1 & 0x1F
    isCurrent = section[5] & 1 != 0
    sectionNumber = section[6]
    entries = stride(from: 8, to: section.count - 7, by: 4).compactMap { offset in
      let number = UInt16(section[offset]) << 8 | UInt16(section[offset + 1])
      let pid = UInt16(section[offset + 2] & 0x1F) << 8 | UInt16(section[offset + 3])
      guard number != 0, pid >= 0x10, pid != PacketView.nullPID else { return nil }
      return Entry(programNumber: number, tablePID: pid)
    }
  }
}
