import Testing

@testable import TransportStream

/// Streams made by hand.
struct StreamNormalizerTests {
  /// A second of 25 pictures, the first a key picture; `from` in 90 kHz.
  private func second(
    _ stream: inout TestStream, from time: Int64, indicator: Bool = false, tables: Bool = true, flagged: Bool = false
  ) {
    let wrap: Int64 = 1 << 33
    if tables { stream.tables() }
    for index in 0..<25 {
      let now = time + Int64(index) * 3600
      stream.pes(
        presentation: now & (wrap - 1), payload: index == 0 ? Picture.key() : Picture.inter(),
        randomAccess: indicator && index == 0, discontinuity: flagged && index == 0,
        clock: ((now - 30_000) & (wrap - 1)) * 300)
      stream.pes(pid: TestStream.audioPID, streamID: 0xC0, presentation: now & (wrap - 1), payload: Picture.filler(250))
    }
  }

  private func seconds(_ count: Int64, from time: Int64 = 90_000, indicator: Bool = false) -> TestStream {
    var stream = TestStream()
    for index in 0..<count { second(&stream, from: time + index * 90_000, indicator: indicator) }
    return stream
  }

  @Test(arguments: [true, false])
  func eachPointBeginsWithTablesThenThePicture(_ indicator: Bool) {
    let pipeline = Pipeline(seconds(3, indicator: indicator).bytes)
    #expect(pipeline.checked().isClean)
    #expect(pipeline.pointTimes == [90_000, 180_000, 270_000])
    #expect(pipeline.marks.count == 75)
    for marked in pipeline.marks {
      let isPoint = marked.mark.randomAccess
      let expected = isPoint ? [0, TestStream.mapPID, TestStream.videoPID] : [TestStream.videoPID]
      #expect(Array(pipeline.pids(from: marked.offset).prefix(expected.count)) == expected)
      #expect(pipeline.bytes[marked.offset + 1] & 0x40 != 0)
      #expect(marked.mark.continuity.isEmpty != isPoint || marked.offset == 0)
      #expect(!marked.mark.discontinuity)
    }
    #expect(pipeline.normalizer.mediaInfo.videoSize == VideoSize(width: 320, height: 180))
  }

  @Test func aDecisionOverManyPacketsHoldsBackAndThenMarks() {
    var stream = TestStream()
    stream.tables()
    // Seven bytes a packet: header and start codes lie across packets, sound comes between.
    let unit = TestStream.pesHeader(presentation: 90_000) + Picture.key(size: 100)
    for start in stride(from: 0, to: 70, by: 7) {
      stream.packet(pid: TestStream.videoPID, start: start == 0, payload: Array(unit[start..<start + 7]))
      stream.pes(pid: TestStream.audioPID, streamID: 0xC0, presentation: 90_000, payload: Picture.filler(20))
    }
    let pipeline = Pipeline(stream.bytes, upTo: 188)
    #expect(pipeline.pointTimes == [90_000])
    #expect(pipeline.checked().isClean)
    #expect(pipeline.pids() == [0, TestStream.mapPID] + Array(repeatElement([0x100, 0x101], count: 10).joined()))
  }

  /// A frame of sound for each PES packet: all are points, the tables come seldom.
  @Test func tablesComeAFewTimesASecondBeforeSound() {
    var stream = TestStream()
    stream.tables(streams: [(0x0F, TestStream.audioPID, [])])
    for index in 0..<470 {
      stream.pes(
        pid: TestStream.audioPID, streamID: 0xC0, presentation: 90_000 + Int64(index) * 1_920,
        payload: Picture.filler(120))
    }
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.checked().isClean)
    #expect(pipeline.points.count == 470)
    let tables = pipeline.points.filter(\.mark.hasTables)
    #expect((55...67).contains(tables.count))
    #expect(pipeline.pids().count { $0 == 0 } == tables.count)
    for point in tables { #expect(pipeline.pids(from: point.offset).first == 0) }
  }

  @Test func anUndecidedPictureIsNoPointAfterSixteenPackets() {
    var stream = seconds(1)
    stream.pes(presentation: 300_000, payload: Picture.filler(176 * 20))
    stream.pes(presentation: 303_600, payload: Picture.inter())
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.points.count == 1)
    #expect(pipeline.marks.suffix(2).map(\.mark.decodeTime) == [300_000, 303_600])
    #expect(pipeline.bytes.suffix(2 * 188 * 2).count == 752)
    #expect(
      pipeline.pids().count { $0 == TestStream.videoPID }
        == TransportStreamTests.pids(stream.bytes).count { $0 == 0x100 })
  }

  @Test func holdingBackIsBounded() {
    var stream = seconds(1)
    stream.pes(presentation: 300_000, payload: Picture.filler(60))
    for _ in 0..<2000 { stream.pes(pid: TestStream.audioPID, streamID: 0xC0, presentation: nil, payload: [1]) }
    var pipeline: Pipeline? = Pipeline()
    pipeline?.feed(stream.bytes)
    #expect(pipeline?.pids().count { $0 == TestStream.audioPID } ?? 0 > 1900, "not held for ever")
    pipeline = nil
  }

  @Test func nothingComesBeforeAPoint() {
    var stream = TestStream()
    stream.tables()
    for index in 0..<5 { stream.pes(presentation: Int64(index) * 3600, payload: Picture.inter()) }
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.bytes.isEmpty && pipeline.marks.isEmpty && pipeline.clocks.isEmpty)
    #expect(pipeline.normalizer.counters.droppedBeforeRandomAccess > 5)
    #expect(pipeline.normalizer.programs.map(\.programNumber) == [1])
  }

  @Test func nullsErrorsAndMalformedPacketsAreDropped() {
    var stream = seconds(1)
    let clean = Pipeline(stream.bytes)
    stream = seconds(1)
    stream.bytes += NullPackets.make(30)
    var bad = TestStream()
    for length in [183, 255] as [UInt8] {
      bad.packet(pid: TestStream.audioPID, payload: [UInt8](repeating: 0, count: 100))
      bad.bytes[bad.bytes.count - 188 + 4] = length
    }
    bad.packet(pid: TestStream.videoPID, payload: [UInt8](repeating: 0, count: 184), error: true)
    bad.packet(pid: TestStream.videoPID, payload: [UInt8](repeating: 0, count: 184))
    bad.bytes[3 * 188 + 3] &= 0xCF
    stream.bytes += bad.bytes
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.bytes == clean.bytes)
    let counters = pipeline.normalizer.counters
    #expect(counters.nulls == 30 && counters.malformed == 3 && counters.transportErrors == 1)
    #expect(counters.continuityErrors == 0)
  }

  @Test func lossesStayVisibleAndDuplicatesDoNot() {
    let whole = seconds(2).bytes
    let at = 20 * 188
    var lossy = whole
    lossy.removeSubrange(at..<at + 188)
    let pipeline = Pipeline(lossy)
    #expect(pipeline.normalizer.counters.continuityErrors == 1)
    #expect(pipeline.checked().continuityErrors == 1)
    var doubled = whole
    doubled.insert(contentsOf: whole[at..<at + 188], at: at)
    let same = Pipeline(doubled)
    #expect(same.bytes == Pipeline(whole).bytes)
    #expect(same.normalizer.counters.duplicates == 1 && same.normalizer.counters.continuityErrors == 0)
    doubled.insert(contentsOf: whole[at..<at + 188], at: at)
    #expect(Pipeline(doubled).normalizer.counters.continuityErrors == 1, "two of a kind are allowed, not three")
  }

  @Test func sixteenLostPacketsAreNoDuplicate() {
    var stream = seconds(1)
    stream.pes(presentation: 300_000, payload: Picture.inter(size: 176 * 3), packetSize: 150)
    let packet = Array(stream.bytes.suffix(188))
    stream.bytes += packet
    stream.bytes[stream.bytes.count - 1] ^= 0xFF
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.normalizer.counters.continuityErrors == 1 && pipeline.normalizer.counters.duplicates == 0)
    #expect(pipeline.checked().continuityErrors == 1)
  }

  @Test func aTableOverSeveralPacketsIsRepeatedWhole() {
    let others = (0..<60).map { index in
      (type: UInt8(0x06), pid: 0x200 + UInt16(index), descriptors: [0x0A, 4, 1, 2, 3, 0] as [UInt8])
    }
    let section = TestStream.map(streams: [(0x1B, TestStream.videoPID, [])] + others)
    #expect(section.count > 3 * 184)
    var stream = TestStream()
    for round in 0..<3 {
      stream.section(TestStream.association([(1, TestStream.mapPID)]), pid: 0)
      stream.section(section, pid: TestStream.mapPID)
      second(&stream, from: Int64(round + 1) * 90_000, tables: false)
    }
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.checked().isClean)
    let expected = [0] + [UInt16](repeating: TestStream.mapPID, count: 4) + [TestStream.videoPID]
    for point in pipeline.points { #expect(pipeline.pids(from: point.offset).prefix(6) == expected[...]) }
    #expect(pipeline.points.count == 3)
  }

  @Test func aBrokenTableDoesNotComeOut() {
    var stream = seconds(1)
    let before = stream.bytes.count
    stream.tables(version: 1)
    stream.bytes[before + 188 + 20] ^= 0x55
    second(&stream, from: 180_000, tables: false)
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.checked().isClean)
    #expect(pipeline.normalizer.programs.map(\.version) == [0])
    #expect(pipeline.points.count == 2)
  }

  @Test func aChangeOfTheMapIsFollowed() {
    var stream = seconds(1)
    stream.tables(streams: [(0x1B, TestStream.videoPID, []), (0x81, 0x102, [])], version: 1)
    second(&stream, from: 180_000, tables: false)
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.checked().isClean)
    #expect(pipeline.points.count == 2 && pipeline.marks.allSatisfy { !$0.mark.discontinuity })
    #expect(pipeline.normalizer.mediaInfo.audioCodec == .ac3)
    let map = Array(pipeline.bytes[(pipeline.points[1].offset + 188)...].prefix(188))
    #expect(map[10] >> 1 & 0x1F == 1, "the new version stands before the new point")
  }

  @Test func anotherMainStreamIsASplice() {
    var stream = seconds(1)
    stream.tables(streams: [(0x1B, 0x110, [])], version: 1)
    stream.pes(pid: 0x110, presentation: 180_000, payload: Picture.inter())
    stream.pes(pid: 0x110, presentation: 183_600, payload: Picture.key())
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.checked().isClean)
    #expect(pipeline.pointTimes == [90_000, 183_600])
    #expect(pipeline.points[1].mark.discontinuity)
  }

  @Test func ofManyProgramsTheFirstWithVideoLeads() {
    var stream = TestStream()
    typealias Entry = (number: UInt16, pid: UInt16, streams: [(type: UInt8, pid: UInt16, descriptors: [UInt8])])
    let maps: [Entry] = [
      (5, 0x50, [(0x0F, 0x501, [])]), (6, 0x60, [(0x1B, TestStream.videoPID, []), (0x0F, 0x601, [])]),
      (7, 0x70, [(0x02, 0x700, [])]),
    ]
    stream.section(TestStream.association(maps.map { ($0.number, $0.pid) }), pid: 0)
    for map in maps.reversed() {
      stream.section(TestStream.map(program: map.number, streams: map.streams), pid: map.pid)
    }
    second(&stream, from: 90_000, tables: false)
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.checked().isClean)
    #expect(pipeline.normalizer.mediaInfo.videoCodec == .h264)
    #expect(pipeline.normalizer.programs.map(\.programNumber) == [5, 6, 7])
    #expect(pipeline.pids().prefix(5) == [0, 0x50, 0x60, 0x70, TestStream.videoPID])
  }

  @Test func aMapThatNeverComesDoesNotHoldSoundBack() {
    var stream = TestStream()
    let map = TestStream.map(clockPID: 0x101, streams: [(0x0F, 0x101, [])])
    for index in 0..<900 {
      stream.section(TestStream.association([(9, 0x90), (1, 0x20)]), pid: 0)
      stream.section(map, pid: 0x20)
      stream.pes(pid: 0x101, streamID: 0xC0, presentation: Int64(index) * 1920, payload: Picture.filler(200))
    }
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.checked().isClean && pipeline.points.count > 100)
  }

  @Test func timesGoOnOverTheWrap() {
    let wrap: Int64 = 1 << 33
    let pipeline = Pipeline(seconds(4, from: wrap - 180_000).bytes)
    #expect(pipeline.pointTimes == [wrap - 180_000, wrap - 90_000, wrap, wrap + 90_000])
    #expect(zip(pipeline.clocks, pipeline.clocks.dropFirst()).allSatisfy { $0 < $1 })
    #expect(pipeline.marks.allSatisfy { !$0.mark.discontinuity })
  }

  @Test(arguments: [(-8_000_000, false), (8_000_000, false), (-45_000, true), (500_000, true)] as [(Int64, Bool)])
  func aJumpOfTheTimelineIsASplice(_ step: Int64, _ flagged: Bool) {
    let start: Int64 = 20_000_000
    var stream = seconds(2, from: start)
    // After the jump comes the rest of a group, which nobody can decode, then a point.
    let later = start + 180_000 + step
    stream.pes(
      presentation: later, payload: Picture.inter(), discontinuity: flagged, clock: (later - 30_000) * 300)
    second(&stream, from: later + 3600)
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.checked().isClean)
    #expect(pipeline.pointTimes == [start, start + 90_000, later + 3600])
    #expect(pipeline.points.map(\.mark.discontinuity) == [false, false, true])
    #expect(pipeline.normalizer.counters.timelineJumps == 1)
    let from = pipeline.points[2].offset
    #expect(pipeline.checked(from: from).isClean)
    #expect(pipeline.checked(from: from).flaggedDiscontinuities == 1, "the first PCR of the new time base")
  }

  @Test func smallJumpsAreLeftAlone() {
    var stream = seconds(1)
    second(&stream, from: 180_000 + 800_000)
    second(&stream, from: 180_000 + 800_000)
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.points.count == 3 && pipeline.marks.allSatisfy { !$0.mark.discontinuity })
  }

  @Test func aRunThatFollowsIsSplicedOn() {
    var other = TestStream()
    for pid in [0, TestStream.mapPID, TestStream.videoPID, TestStream.audioPID] { other.setCounter(9, pid: pid) }
    other.pes(presentation: 1, payload: Picture.inter(), clock: 0)
    second(&other, from: 3600)
    let pipeline = Pipeline(seconds(1).bytes)
    let end = pipeline.bytes.count
    let before = Dictionary(uniqueKeysWithValues: pipeline.normalizer.continuity.map { ($0.pid, $0.counter) })
    pipeline.nextRun(other.bytes)
    #expect(pipeline.checked().isClean)
    let joint = pipeline.points[1]
    #expect(joint.mark.discontinuity && joint.mark.decodeTime == 3600)
    #expect(joint.offset - end == 4 * 188)
    let preface = Array(pipeline.bytes[end..<joint.offset])
    #expect(preface == Splice.preface(continuity: joint.mark.continuity))
    #expect(Dictionary(uniqueKeysWithValues: joint.mark.continuity.map { ($0.pid, $0.counter) }) == before)
    // Without regard to flags the counters go on as well.
    let unflagged = stride(from: 0, to: pipeline.bytes.count, by: 188).flatMap { offset -> [UInt8] in
      var packet = Array(pipeline.bytes[offset..<offset + 188])
      if packet[3] & 0x20 != 0, packet[4] > 0 { packet[5] &= 0x7F }
      return packet
    }
    var checker = ContinuityChecker()
    unflagged.withUnsafeBytes { checker.push($0) }
    #expect(checker.isClean && checker.flaggedDiscontinuities == 0)
  }

  @Test func aRunWithoutAPointLeavesNoTrace() {
    let pipeline = Pipeline(seconds(1).bytes)
    let end = pipeline.bytes.count
    pipeline.nextRun(Array("<html>no</html>".utf8))
    #expect(pipeline.bytes.count == end)
    let isRunning = pipeline.normalizer.isRunning
    #expect(!isRunning)
    pipeline.nextRun(seconds(1).bytes)
    #expect(pipeline.checked().isClean)
    #expect(pipeline.points.last?.mark.discontinuity == true)
  }

  @Test func theRestOfAPacketFromBeforeThePointIsNotPutOut() {
    var stream = TestStream()
    stream.tables()
    stream.packet(pid: TestStream.audioPID, start: true, payload: TestStream.pesHeader(presentation: 1) + [1])
    stream.pes(presentation: 90_000, payload: Picture.key())
    stream.packet(pid: TestStream.audioPID, payload: Picture.filler(100))
    stream.pes(pid: TestStream.audioPID, streamID: 0xC0, presentation: 90_000, payload: [7])
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.pids().count { $0 == TestStream.audioPID } == 1)
    #expect(pipeline.checked().isClean)
  }

  @Test func packetsOfUnboundedAndOfZeroLengthAreTheSame() {
    var stream = TestStream()
    stream.tables()
    stream.pes(presentation: 90_000, payload: [])
    stream.pes(presentation: 93_600, payload: Picture.key())
    stream.pes(presentation: nil, payload: Picture.inter())
    let pipeline = Pipeline(stream.bytes)
    #expect(pipeline.marks.map(\.mark.decodeTime) == [93_600, nil])
    #expect(pipeline.normalizer.lastDecodeTime == 93_600)
  }

  @Test func anAnnouncementWithoutPayloadCounts() {
    var stream = TestStream()
    stream.tables()
    stream.packet(pid: TestStream.videoPID, payload: [], randomAccess: true)
    stream.pes(presentation: 90_000, payload: Picture.filler(100))
    #expect(Pipeline(stream.bytes).pointTimes == [90_000])
  }

  @Test func countersOfALogGoOn() {
    let pipeline = Pipeline(
      continuing: [PIDContinuity(pid: 0x100, counter: 3), PIDContinuity(pid: 0, counter: 15)], lastDecodeTime: 1 << 34)
    pipeline.feed(seconds(1).bytes)
    pipeline.finish()
    let point = pipeline.points[0]
    #expect(point.offset == 2 * 188 && point.mark.discontinuity)
    #expect(pipeline.bytes[point.offset + 3] & 15 == 0, "PAT")
    #expect(pipeline.bytes[point.offset + 2 * 188 + 3] & 15 == 4, "video")
    let expected: Int64 = (1 << 34) + 90_000
    #expect(point.mark.decodeTime == expected)
  }
}
