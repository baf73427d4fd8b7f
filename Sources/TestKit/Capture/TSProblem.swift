/// One thing that is wrong with a capture. `packet` counts packets of the capture from 0.
package enum TSProblem: Hashable, Sendable, CustomStringConvertible {
  /// No 0x47 at this byte offset, where a packet must begin. The check of what follows goes on at the next 188.
  case lostSync(offset: Int)
  /// The capture does not end with a whole packet; so many bytes are left over.
  case tornPacket(bytes: Int)
  case notBeginningWithPAT(pid: UInt16)
  /// A packet of an elementary stream, or of a PID that no table has named, before PAT and PMT.
  case mediaBeforeTables(packet: Int, pid: UInt16)
  case noTables
  case badChecksum(packet: Int, pid: UInt16)
  /// The first picture is none that a decoder can begin with.
  case notBeginningWithKeyFrame(packet: Int)
  case noMedia
  /// A counter that does not follow, without discontinuity_indicator.
  case continuity(packet: Int, pid: UInt16, expected: UInt8, found: UInt8)
  /// A timestamp that does not lie after the one before, without discontinuity_indicator in between (90 kHz).
  case timestampWentBack(packet: Int, pid: UInt16, from: UInt64, to: UInt64)
  /// A stream that goes on, after a flagged discontinuity, in the middle of a frame.
  case tornFrameAfterDiscontinuity(packet: Int, pid: UInt16)

  package var description: String {
    switch self {
    case .lostSync(let offset): "no sync byte at \(offset)"
    case .tornPacket(let bytes): "ends with \(bytes) bytes of a packet"
    case .notBeginningWithPAT(let pid): "begins with PID \(pid), not with a PAT"
    case .mediaBeforeTables(let packet, let pid): "packet \(packet): PID \(pid) before PAT and PMT"
    case .noTables: "no PAT and PMT"
    case .badChecksum(let packet, let pid): "packet \(packet): wrong CRC in a table of PID \(pid)"
    case .notBeginningWithKeyFrame(let packet): "packet \(packet): the first picture is no key frame"
    case .noMedia: "no elementary stream"
    case .continuity(let packet, let pid, let expected, let found):
      "packet \(packet): PID \(pid) has counter \(found), not \(expected)"
    case .timestampWentBack(let packet, let pid, let from, let to):
      "packet \(packet): PID \(pid) goes from \(from) back to \(to)"
    case .tornFrameAfterDiscontinuity(let packet, let pid):
      "packet \(packet): PID \(pid) goes on in mid-frame after a discontinuity"
    }
  }
}
