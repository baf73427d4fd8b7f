/// PAT and PMT of a capture, as far as they are known. Sections of one packet each: FFmpeg and Millrace write no others.
struct TSTables {
  private(set) var programMaps: Set<UInt16> = []
  /// Elementary PID → stream type (ISO/IEC 13818-1 table 2-34).
  private(set) var streams: [UInt16: UInt8] = [:]
  private(set) var clockPIDs: Set<UInt16> = []
  private(set) var hasPAT = false
  private(set) var hasPMT = false

  enum Outcome { case notATable, read, badChecksum }

  mutating func take(_ packet: TSPacketView) -> Outcome {
    let pid = packet.pid
    guard pid == 0 || programMaps.contains(pid) else { return .notATable }
    guard packet.beginsUnit, let section = Self.section(of: packet.payload) else { return .notATable }
    guard Self.checksum(section) == 0 else { return .badChecksum }
    if pid == 0 { readPAT(section) } else { readPMT(section) }
    return .read
  }

  /// From table_id to the CRC; nil if it does not end in this packet.
  private static func section(of payload: ArraySlice<UInt8>) -> [UInt8]? {
    guard let pointer = payload.first else { return nil }
    let rest = Array(payload.dropFirst(1 + Int(pointer)))
    guard rest.count > 3 else { return nil }
    let length = 3 + Int(rest[1] & 0x0F) << 8 + Int(rest[2])
    return length <= rest.count && length >= 12 ? Array(rest[..<length]) : nil
  }

  private mutating func readPAT(_ section: [UInt8]) {
    guard section[0] == 0 else { return }
    hasPAT = true
    programMaps = []
    for at in stride(from: 8, to: section.count - 7, by: 4) where section[at] != 0 || section[at + 1] != 0 {
      programMaps.insert(Self.pid(section, at + 2))
    }
  }

  private mutating func readPMT(_ section: [UInt8]) {
    guard section[0] == 2, section.count >= 16 else { return }
    hasPMT = true
    clockPIDs = [Self.pid(section, 8)]
    var at = 12 + Self.length(section, 10)
    while at + 5 <= section.count - 4 {
      streams[Self.pid(section, at + 1)] = section[at]
      at += 5 + Self.length(section, at + 3)
    }
  }

  private static func pid(_ section: [UInt8], _ at: Int) -> UInt16 {
    UInt16(section[at] & 0x1F) << 8 | UInt16(section[at + 1])
  }

  private static func length(_ section: [UInt8], _ at: Int) -> Int {
    Int(section[at] & 0x0F) << 8 | Int(section[at + 1])
  }

  /// CRC-32 of annex A; 0 over a section with its right CRC.
  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var register: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      register ^= UInt32(byte) << 24
      for _ in 0..<8 { register = register & 0x8000_0000 != 0 ? register << 1 ^ 0x04C1_1DB7 : register << 1 }
    }
    return register
  }
}
