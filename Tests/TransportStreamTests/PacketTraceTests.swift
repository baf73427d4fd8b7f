import TestKit
import Testing

@testable import TransportStream

/// A log that one connection to a source has fed, and another connection that goes on with it.
struct PacketTraceTests {
  /// Where the log can end, and what its writer then knows of it.
  private struct Cut {
    let log: [UInt8]
    let point: Int
    let time: Int64

    /// Nil: no random access point is whole before it.
    init?(_ pipeline: Pipeline, packets: Int) {
      log = Array(pipeline.bytes.prefix(packets * 188))
      let marks = pipeline.marks.filter { $0.offset < packets * 188 }
      guard let point = marks.dropLast().last(where: \.mark.hasTables)?.offset, let time = marks.last?.mark.decodeTime
      else { return nil }
      (self.point, self.time) = (point, time + 3_600)
    }

    var trace: PacketTrace { PacketTraceTests.trace(log) }

    var continuity: ContiguousArray<PIDContinuity> { log.withUnsafeBytes { PIDContinuity.moved([], over: $0) } }

    /// What a normaliser puts out that goes on with the log.
    func goneOn(with source: ArraySlice<UInt8>) -> Pipeline {
      let next = Pipeline(continuing: continuity, lastDecodeTime: time)
      var point = Array(log[point...])
      #expect(point.withUnsafeMutableBytes { next.normalizer.resume(reading: $0, endTime: time) { _ in } })
      next.feed(Array(source))
      next.finish()
      return next
    }
  }

  private static func trace(_ packets: some Sequence<UInt8>) -> PacketTrace {
    var trace = PacketTrace()
    Array(packets).withUnsafeBytes { trace.append($0) }
    return trace
  }

  private static let tables: Set<UInt16> = [0, TestStream.mapPID]

  /// Packets that are no tables.
  private func media(_ bytes: some Sequence<UInt8>) -> [ArraySlice<UInt8>] {
    let bytes = Array(bytes)
    return stride(from: 0, to: bytes.count - 187, by: 188).map { bytes[$0..<$0 + 188] }
      .filter { !Self.tables.contains(UInt16($0[$0.startIndex + 1] & 0x1F) << 8 | UInt16($0[$0.startIndex + 2])) }
  }

  private func isTimed(_ packet: ArraySlice<UInt8>) -> Bool {
    packet.withUnsafeBytes { bytes in
      guard let view = bytes.baseAddress.map({ PacketView($0) }), view.payloadUnitStart,
        case .complete(let header) = PESHeader.parse(view.payload)
      else { return false }
      return header.presentationTime != nil
    }
  }

  private func packets(_ source: ArraySlice<UInt8>) -> [UInt8] {
    var aligner = PacketAligner()
    var result: [UInt8] = []
    var piece = Array(source)
    piece.withUnsafeMutableBytes { aligner.push($0) { result += $0 } }
    aligner.finish { result += $0 }
    return result
  }

  /// The log ends anywhere, and the other connection begins anywhere: each packet comes once and in its order, and the
  /// counters of each PID run on.
  @Test(arguments: Shape.allCases) func eachPacketComesOnceOverAnyCut(_ shape: Shape) async throws {
    let source = try await shape.stream()
    let whole = Pipeline(source)
    let all = media(whole.bytes)
    let missing = media(source).count - all.count
    var generator = SeededGenerator(seed: 11)
    var joints = 0
    for _ in 0..<40 {
      let packets = Int.random(in: 1...whole.bytes.count / 188, using: &generator)
      guard let cut = Cut(whole, packets: packets) else { continue }
      let ended = media(cut.log).count
      let lastTimed = try #require(all[..<ended].lastIndex(where: isTimed))
      let begin = Int.random(in: 0...max(0, source.count * ended / all.count), using: &generator)
      let other = self.packets(source[begin...])
      let sent = media(other).count - missing
      guard let end = Self.trace(other).end(of: cut.trace, except: Self.tables) else {
        #expect(all.count - sent > lastTimed, "it is all there: packet \(ended), from byte \(begin)")
        continue
      }
      joints += 1
      let rest = cut.goneOn(with: other[(end * 188)...])
      #expect(media(rest.bytes) == Array(all[ended...]))
      var checker = ContinuityChecker()
      (cut.log + rest.bytes).withUnsafeBytes { checker.push($0) }
      #expect(checker.isClean, "\(checker)")
      #expect(rest.marks.allSatisfy { !$0.mark.discontinuity })
      for point in rest.marks where point.mark.hasTables {
        #expect(rest.pids(from: point.offset).prefix(2) == [0, TestStream.mapPID])
      }
    }
    #expect(joints > 20)
  }

  /// The same pictures with a clock of their own, or packed in another way.
  @Test func anotherConnectionsOwnTimesAreNotFound() async throws {
    var source = try await Shape.h264.stream()
    let log = Self.trace(Pipeline(source).bytes.prefix(188 * 500))
    #expect(Self.trace(source).end(of: log, except: Self.tables) != nil)
    source.withUnsafeMutableBytes { TimestampShift(ticks: 1).apply(to: $0) }
    #expect(Self.trace(source).end(of: log, except: Self.tables) == nil)
  }

  @Test func countersAndTheFlagOfADiscontinuityDoNotCount() {
    func stream(_ counter: UInt8, flagged: Bool) -> [UInt8] {
      var stream = TestStream()
      stream.setCounter(counter, pid: TestStream.videoPID)
      stream.pes(presentation: 90_000, payload: Picture.key(), discontinuity: flagged, clock: 300)
      return stream.bytes
    }
    let trace = Self.trace(stream(3, flagged: false))
    let tail = Self.trace(stream(9, flagged: true))
    #expect(trace.end(of: tail, except: []) == stream(3, flagged: false).count / 188)
  }

  /// Filler is the same in each packet: only the PES packet that it belongs to tells where it is.
  @Test func aTailOfEqualPacketsIsFoundByItsBeginning() {
    var stream = TestStream()
    for number in 0..<5 {
      stream.pes(presentation: Int64(number) * 3_600, payload: [UInt8](repeating: 0xFF, count: 176 * 20))
    }
    let trace = Self.trace(stream.bytes)
    for packets in 1...stream.bytes.count / 188 {
      #expect(trace.end(of: Self.trace(stream.bytes.prefix(packets * 188)), except: []) == packets)
    }
  }

  @Test func withoutABeginningNothingIsDistinct() {
    var stream = TestStream()
    stream.pes(presentation: 90_000, payload: Picture.key())
    let rest = Self.trace(stream.bytes.dropFirst(188))
    #expect(!rest.isDistinct && Self.trace(stream.bytes).isDistinct)
    #expect(Self.trace(stream.bytes).end(of: rest, except: []) == nil)
    #expect(Self.trace(stream.bytes).end(of: Self.trace(stream.bytes), except: [TestStream.videoPID]) == nil)
  }

  @Test func whatIsForgottenIsNotFoundAndMovesTheRest() async throws {
    let source = try await Shape.h264.stream()
    let (early, late) = (Self.trace(source.prefix(188 * 100)), Self.trace(source.prefix(188 * 400)))
    var trace = Self.trace(source)
    trace.removeFirst(150)
    #expect(trace.end(of: early, except: Self.tables) == nil)
    #expect(trace.end(of: late, except: Self.tables) == 250)
    var parts = Self.trace(source.prefix(188 * 70))
    parts.append(Self.trace(source[(188 * 70)...]))
    #expect(parts.end(of: late, except: Self.tables) == 400)
  }

  @Test func packetsThatAreNoPointTellNothingOfAStream() async throws {
    var stream = TestStream()
    stream.pes(presentation: 90_000, payload: Picture.inter())
    let pipeline = Pipeline(continuing: [PIDContinuity(pid: TestStream.videoPID, counter: 4)], lastDecodeTime: 90_000)
    #expect(
      stream.bytes.withUnsafeMutableBytes { !pipeline.normalizer.resume(reading: $0, endTime: 90_000) { _ in } })
    pipeline.nextRun(try await Shape.h264.stream())
    #expect(pipeline.marks.first?.mark.discontinuity == true)
    #expect(pipeline.checked().continuityErrors == 0)
  }
}
