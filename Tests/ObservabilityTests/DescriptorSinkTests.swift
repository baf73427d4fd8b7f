import Glibc
import Observability
import Testing

@Suite(.timeLimit(.minutes(1))) struct DescriptorSinkTests {
  /// A pipe that closes what is still open.
  private final class Pipe {
    var reader: Int32
    let writer: Int32
    private var rest: [UInt8] = []

    init() {
      var ends: [Int32] = [-1, -1]
      precondition(pipe(&ends) == 0)
      (reader, writer) = (ends[0], ends[1])
    }

    func closeReader() {
      if reader >= 0 { close(reader) }
      reader = -1
    }

    /// Reads until at least `count` whole lines have come; what follows them is kept for the next call.
    func lines(_ count: Int) -> [String] {
      var buffer = [UInt8](repeating: 0, count: 65536)
      while rest.count(where: { $0 == 10 }) < count {
        let got = read(reader, &buffer, buffer.count)
        guard got > 0 else { break }
        rest += buffer[..<got]
      }
      let end = (rest.lastIndex(of: 10) ?? -1) + 1
      defer { rest.removeFirst(end) }
      return String(decoding: rest[..<end], as: UTF8.self).split(separator: "\n").map(String.init)
    }

    deinit {
      closeReader()
      close(writer)
    }
  }

  private func record(_ message: String) -> LogRecord {
    LogRecord(time: .now, level: .info, message: message, metadata: [:])
  }

  @Test func linesOfManyThreadsArriveWhole() async {
    let pipe = Pipe()
    let sink = DescriptorSink(descriptor: pipe.writer, format: .text)
    await withTaskGroup { group in
      for number in 0..<8 {
        group.addTask { for _ in 0..<20 { Logger(level: .info, sink: sink).info("hello", ["n": String(number)]) } }
      }
    }
    #expect(sink.close(within: .seconds(10)))
    let lines = pipe.lines(160)
    #expect(lines.count == 160)
    for number in 0..<8 {
      #expect(lines.count { $0.hasSuffix(" n=\(number)") && $0.contains("Z info    hello") } == 20)
    }
    #expect(sink.droppedLines == 0)
  }

  @Test func aStuckReaderCostsLinesAndNeverHoldsTheCaller() {
    let pipe = Pipe()
    let sink = DescriptorSink(descriptor: pipe.writer, format: .text, capacity: 100_000)
    let text = String(repeating: "x", count: 1000)
    for _ in 0..<1000 { sink.write(record(text)) }
    #expect(!sink.flush(within: .milliseconds(20)))
    let dropped = sink.droppedLines
    #expect(dropped > 500 && dropped < 1000)
    // The reader wakes: what had waited arrives, and with it, in one or more lines, the number of what was lost.
    var arrived = 0
    var said: UInt64 = 0
    while arrived < 1000 - Int(dropped) || said < dropped {
      let lines = pipe.lines(1)
      guard !lines.isEmpty else { break }
      arrived += lines.count { $0.hasSuffix("x") }
      said += lines.compactMap { $0.contains("Log lines dropped") ? UInt64($0.split(separator: "=")[1]) : nil }.reduce(
        0, +)
    }
    #expect(arrived == 1000 - Int(dropped))
    #expect(said == dropped)
    #expect(sink.close(within: .seconds(10)))
  }

  @Test func aReaderThatHasGoneIsNoSignalAndCounted() {
    let pipe = Pipe()
    let sink = DescriptorSink(descriptor: pipe.writer, format: .json)
    pipe.closeReader()
    sink.write(record("lost"))
    #expect(sink.flush(within: .seconds(10)))
    #expect(sink.droppedLines == 1)
    #expect(sink.close(within: .seconds(10)))
  }

  @Test func linesAfterTheCloseAreDropped() {
    let pipe = Pipe()
    let sink = DescriptorSink(descriptor: pipe.writer, format: .json)
    sink.write(record("first"))
    #expect(sink.close(within: .seconds(10)))
    sink.write(record("second"))
    #expect(sink.droppedLines == 1)
    #expect(pipe.lines(1).count == 1)
  }
}
