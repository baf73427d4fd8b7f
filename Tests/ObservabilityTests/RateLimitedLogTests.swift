import Observability
import Testing

@Suite struct RateLimitedLogTests {
  @Test func saysTheFirstAtOnceAndTheRestOnceASecond() {
    let sink = MemorySink()
    let log = RateLimitedLog(Logger(level: .info, sink: sink), .warning, "Packets lost")
    let start = ContinuousClock.now
    func counts() -> [String] { sink.records.compactMap { $0.metadata["count"] } }

    log.note(now: start, ["stream.id": "1"])
    #expect(sink.records.first?.metadata == ["count": "1", "stream.id": "1"])
    for step in 1...99 { log.note(2, now: start + .milliseconds(step * 10)) }
    #expect(counts() == ["1"])
    log.note(now: start + .seconds(1))
    #expect(counts() == ["1", "199"])
    log.note(3, now: start + .milliseconds(1500))
    log.flush(now: start + .milliseconds(1999))
    #expect(counts() == ["1", "199"])
    log.flush(now: start + .milliseconds(2000))
    #expect(counts() == ["1", "199", "3"])
    log.flush(now: start + .seconds(9))
    #expect(counts() == ["1", "199", "3"])
  }

  @Test func theEndSaysWhatWasNotSaid() {
    let sink = MemorySink()
    let log = RateLimitedLog(Logger(level: .info, sink: sink), .info, "Packets lost")
    let start = ContinuousClock.now
    log.note(now: start)
    log.note(5, now: start)
    log.flush(isEnd: true, now: start)
    log.flush(isEnd: true, now: start)
    #expect(sink.records.map { $0.metadata["count"] } == ["1", "5"])
  }
}
