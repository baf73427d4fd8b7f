internal import JSONCoding

/// A time as a producer wrote it.
package struct ParsedTime: Sendable, Equatable {
  package var time: FrameTime
  /// It was ISO 8601 without an offset, and was taken as UTC.
  package var isNaive = false
}

extension ParsedTime {
  /// A number, or a text that `init(_: String)` reads; nil for anything else.
  init?(_ json: JSON) {
    switch json {
    case .integer(let value): self.init(number: Double(value))
    case .unsigned(let value): self.init(number: Double(value))
    case .number(let value): self.init(number: value)
    case .string(let text): self.init(text)
    case .null, .bool, .array, .object: return nil
    }
  }

  /// Seconds since 1970 if the magnitude is at most 2 × 10¹⁰, else milliseconds; a decimal text or ISO 8601 (extended,
  /// or basic with a time; a space may stand for `T`).
  package init?(_ text: String) {
    if text.utf8.allSatisfy(Self.isPartOfNumber), let number = Double(text) {
      self.init(number: number)
    } else {
      self.init(iso: Array(text.utf8))
    }
  }

  private init?(number: Double) {
    guard number.isFinite else { return nil }
    let milliseconds = (abs(number) <= 2e10 ? number * 1_000 : number).rounded()
    time = FrameTime(milliseconds: Int64(exactly: milliseconds) ?? (milliseconds < 0 ? .min : .max))
  }

  private static func isPartOfNumber(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
      UInt8(ascii: "e"), UInt8(ascii: "E"):
      true
    default: false
    }
  }

  // MARK: ISO 8601

  private init?(iso text: [UInt8]) {
    var reader = DigitReader(text)
    guard let days = Self.date(&reader) else { return nil }
    var milliseconds = Int64(days.count) * 86_400_000
    guard !reader.isAtEnd else {
      guard days.isExtended else { return nil }
      self.init(time: FrameTime(milliseconds: milliseconds), isNaive: true)
      return
    }
    guard reader.takeOne(of: ["T", "t", " "]), let clock = Self.clock(&reader, isExtended: days.isExtended) else {
      return nil
    }
    milliseconds += clock
    let isNaive = reader.isAtEnd
    if !isNaive {
      guard let offset = Self.offset(&reader), reader.isAtEnd else { return nil }
      milliseconds -= offset
    }
    self.init(time: FrameTime(milliseconds: milliseconds), isNaive: isNaive)
  }

  private static func date(_ reader: inout DigitReader) -> (count: Int, isExtended: Bool)? {
    guard let year = reader.number(4) else { return nil }
    let isExtended = reader.takeOne(of: ["-"])
    guard let month = reader.number(2), !isExtended || reader.takeOne(of: ["-"]), let day = reader.number(2),
      let date = CivilDate(year: year, month: month, day: day)
    else { return nil }
    return (date.daysSince1970, isExtended)
  }

  /// Milliseconds since midnight: `hh:mm[:ss[.fraction]]`. Second 60 is the next minute's first.
  private static func clock(_ reader: inout DigitReader, isExtended: Bool) -> Int64? {
    guard let hour = reader.number(2), hour < 24, !isExtended || reader.takeOne(of: [":"]),
      let minute = reader.number(2), minute < 60
    else { return nil }
    var milliseconds = Int64(hour * 60 + minute) * 60_000
    guard isExtended ? reader.takeOne(of: [":"]) : reader.isAtDigit else { return milliseconds }
    guard let second = reader.number(2), second <= 60 else { return nil }
    milliseconds += Int64(second) * 1_000
    guard reader.takeOne(of: [".", ","]) else { return milliseconds }
    return reader.fraction().map { milliseconds + Int64($0) }
  }

  /// `Z`, `±hh`, `±hhmm` or `±hh:mm` in milliseconds east of UTC.
  private static func offset(_ reader: inout DigitReader) -> Int64? {
    if reader.takeOne(of: ["Z", "z"]) { return 0 }
    let isWest = reader.takeOne(of: ["-"])
    guard isWest || reader.takeOne(of: ["+"]), let hours = reader.number(2), hours < 24 else { return nil }
    let hasColon = reader.takeOne(of: [":"])
    let minutes = hasColon || !reader.isAtEnd ? reader.number(2) : 0
    guard let minutes, minutes < 60 else { return nil }
    return Int64(hours * 60 + minutes) * (isWest ? -60_000 : 60_000)
  }
}
