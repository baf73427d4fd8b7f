/// Reads what FFmpeg writes to `-progress`: lines of `key=value`, a block a second, each ended by `progress=`. Memory is
/// bounded whatever comes.
package struct FFmpegProgress: Sendable, Equatable {
  /// One block. Nil where FFmpeg says `N/A` or nothing.
  package struct Report: Sendable, Equatable {
    package var frame: Int?
    package var framesPerSecond: Double?
    package var bitsPerSecond: Double?
    package var outTimeMicroseconds: Int?
    /// 1 = as fast as the stream plays.
    package var speed: Double?
    /// The last block: FFmpeg has written everything.
    package var isEnd = false
  }

  private static let maximumLine = 256

  /// The last whole block.
  package private(set) var latest: Report?
  private var block = Report()
  private var line: [UInt8] = []
  private var isOverlong = false

  package init() {}

  /// Takes bytes as they come and gives the blocks they complete.
  package mutating func feed(_ bytes: some Sequence<UInt8>) -> [Report] {
    var reports: [Report] = []
    for byte in bytes {
      if byte == UInt8(ascii: "\n") {
        if !isOverlong, let report = endLine() { reports.append(report) }
        line.removeAll(keepingCapacity: true)
        isOverlong = false
      } else if line.count < Self.maximumLine {
        line.append(byte)
      } else {
        isOverlong = true
      }
    }
    return reports
  }

  private mutating func endLine() -> Report? {
    guard let equals = line.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    let name = String(decoding: line[..<equals], as: UTF8.self)
    let value = String(decoding: line[(equals + 1)...].drop { $0 == 0x20 }, as: UTF8.self)
    switch name {
    case "frame": block.frame = Int(value)
    case "fps": block.framesPerSecond = Self.number(value, unit: "")
    case "bitrate": block.bitsPerSecond = Self.number(value, unit: "kbits/s").map { $0 * 1000 }
    case "out_time_us": block.outTimeMicroseconds = Int(value)
    case "speed": block.speed = Self.number(value, unit: "x")
    case "progress":
      block.isEnd = value == "end"
      latest = block
      block = Report()
      return latest
    default: break
    }
    return nil
  }

  private static func number(_ text: String, unit: String) -> Double? {
    guard text.hasSuffix(unit) else { return nil }
    return Double(text.dropLast(unit.count)).flatMap { $0.isFinite ? $0 : nil }
  }
}
