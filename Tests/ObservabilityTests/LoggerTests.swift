import Observability
import Testing

@Suite struct LoggerTests {
  @Test func writesItsLevelAndAboveOnly() {
    let sink = MemorySink()
    let logger = Logger(level: .warning, sink: sink)
    logger.trace("a")
    logger.debug("b")
    logger.info("c")
    logger.warning("d")
    logger.error("e")
    #expect(sink.messages == ["d", "e"])
    #expect(sink.records.map(\.level) == [.warning, .error])
  }

  @Test func doesNotMakeMetadataForALineThatIsNotWritten() {
    let logger = Logger(level: .error, sink: MemorySink())
    var made = 0
    func metadata() -> [String: String] {
      made += 1
      return [:]
    }
    logger.info("quiet", metadata())
    #expect(made == 0)
    logger.error("loud", metadata())
    #expect(made == 1)
  }

  @Test func fixedMetadataIsCarriedAndOverridden() {
    let sink = MemorySink()
    let logger = Logger(level: .info, sink: sink).with(["stream.id": "1", "worker": "w"]).with(["worker": "v"])
    logger.info("said", ["stream.id": "2", "more": "3"])
    #expect(sink.records.first?.metadata == ["stream.id": "2", "worker": "v", "more": "3"])
  }
}

@Suite struct LogFormatTests {
  private func record(_ metadata: [String: String], message: String = "Stream started") -> LogRecord {
    let time = WallTime(microseconds: 1_795_234_462_827_665)
    return LogRecord(time: time, level: .info, message: message, metadata: metadata)
  }

  @Test func textIsAlignedSortedAndQuotedWhereNeeded() {
    #expect(LogFormat.text.line(record([:])) == "2026-11-21T04:14:22.827Z info    Stream started\n")
    let line = LogFormat.text.line(record(["b": "two words", "a": "1", "c": "", "d": "x=y"]))
    #expect(
      line == "2026-11-21T04:14:22.827Z info    Stream started"
        + String(repeating: " ", count: 26) + " a=1 b=\"two words\" c=\"\" d=\"x=y\"\n")
  }

  @Test(arguments: LogFormat.allCases, ["a\nb", "a\r\nb", "a\u{2028}b", "a\u{85}b", "\u{1B}[31m", "\u{0}"])
  func noValueBeginsALineOrSendsAControl(format: LogFormat, value: String) {
    let line = format.line(record(["key": value]))
    let controls = line.unicodeScalars.dropLast().filter {
      $0.properties.generalCategory == .control || $0 == "\u{2028}"
    }
    #expect(controls.isEmpty)
    #expect(line.hasSuffix("\n"))
  }

  @Test func jsonIsOneObjectALine() {
    let line = LogFormat.json.line(record(["quote": "\"\\", "level": "mine"]))
    #expect(
      line == #"{"time":"2026-11-21T04:14:22.827665+00:00","level":"info","message":"Stream started","#
        + #""metadata.level":"mine","quote":"\"\\"}"# + "\n")
  }
}

@Suite struct WallTimeTests {
  @Test(arguments: [
    (0, "1970-01-01T00:00:00.000000+00:00"), (1_795_234_462_827_665, "2026-11-21T04:14:22.827665+00:00"),
    (951_782_400_000_001, "2000-02-29T00:00:00.000001+00:00"),
  ]) func isShownInUTC(microseconds: UInt64, text: String) {
    #expect(WallTime(microseconds: microseconds).text == text)
  }

  @Test func isAnIMFFixdate() {
    #expect(WallTime(microseconds: 784_111_777_999_999).httpText == "Sun, 06 Nov 1994 08:49:37 GMT")
    #expect(WallTime(microseconds: 0).httpText == "Thu, 01 Jan 1970 00:00:00 GMT")
  }

  @Test func nowGoesOn() {
    let first = WallTime.now
    #expect(first > WallTime(microseconds: 1_700_000_000_000_000))
    #expect(WallTime.now >= first)
  }
}
