import Testing

@testable import TransportStream

struct TablesTests {
  private static let long = TestStream.map(
    streams: (0..<60).map { (0x06, 0x200 + $0, [0x0A, 4, 0x64, 0x65, 0x75, 0]) })

  /// The sections that come out of payloads; `true` for those that begin a unit.
  private func sections(_ payloads: [(Bool, [UInt8])]) -> [[UInt8]] {
    let assembler = SectionAssembler()
    var found: [[UInt8]] = []
    for (start, payload) in payloads {
      payload.withUnsafeBytes { bytes in
        assembler.begin(bytes, unitStart: start)
        while let section = assembler.next() { found.append(Array(section)) }
      }
    }
    return found
  }

  @Test func crcOfAKnownSection() {
    // Made by FFmpeg.
    let section: [UInt8] = [
      0x00, 0xB0, 0x0D, 0x00, 0x01, 0xC1, 0x00, 0x00, 0x00, 0x01, 0xF0, 0x00, 0x2A, 0xB1, 0x04, 0xB2,
    ]
    #expect(section.withUnsafeBytes { CRC32.of($0) } == 0)
    #expect(section.dropLast(4).withUnsafeBytes { CRC32.of($0) } == 0x2AB1_04B2)
  }

  @Test func oneSectionInOnePacket() {
    let section = TestStream.association([(1, 0x1000)])
    #expect(sections([(true, [0] + section + [0xFF, 0xFF])]) == [section])
  }

  @Test func severalSectionsInOnePacket() {
    let (first, second) = (TestStream.association([(1, 0x1000)]), TestStream.association([(2, 0x1001)], version: 3))
    #expect(sections([(true, [0] + first + second + [0xFF])]) == [first, second])
  }

  @Test(arguments: [1, 2, 3, 7, 100, 183])
  func aSectionOverManyPackets(_ size: Int) {
    let section = TablesTests.long
    var payloads: [(Bool, [UInt8])] = [(true, [0] + section.prefix(size))]
    for start in stride(from: size, to: section.count, by: size) {
      payloads.append((false, Array(section[start..<min(start + size, section.count)])))
    }
    #expect(sections(payloads) == [section])
  }

  @Test func thePointerLeadsOverTheRestOfTheSectionBefore() {
    let (long, next) = (TablesTests.long, TestStream.association([(1, 0x1000)]))
    let cut = long.count - 50
    #expect(sections([(true, [0] + long[..<cut]), (true, [50] + long[cut...] + next)]) == [long, next])
    #expect(sections([(true, [50] + long[cut...] + next)]) == [next], "the beginning was never seen")
  }

  @Test func brokenSectionsDoNotAppear() {
    let good = TestStream.association([(1, 0x1000)])
    var wrong = good
    wrong[9] ^= 1
    #expect(sections([(true, [0] + wrong)]).isEmpty, "CRC")
    #expect(sections([(true, [0] + wrong + good)]) == [good], "what comes behind is good")
    #expect(sections([(true, [200] + good)]).isEmpty, "pointer beyond the packet")
    #expect(sections([(true, [])]).isEmpty)
    #expect(sections([(true, [0] + good.prefix(9)), (true, [0] + good)]) == [good], "broken off")
    #expect(
      sections([(true, [0, 0, 0xB0, 0]), (true, [0, 2, 0xBF, 0xFF] + [UInt8](repeating: 1, count: 180))]).isEmpty)
    #expect(sections([(false, good)]).isEmpty, "no start")
  }

  private func map(_ section: [UInt8]) -> ProgramMap? {
    section.withUnsafeBytes { ProgramMap(section: $0, tablePID: 0x30) }
  }

  @Test func programAssociation() {
    let section = TestStream.association([(0, 0x10), (7, 0x1234), (9, 0x1FFF), (10, 3), (8, 0x20)], version: 5)
    let table = section.withUnsafeBytes { ProgramAssociation(section: $0) }
    #expect(table?.entries.map(\.programNumber) == [7, 8])
    #expect(table?.entries.map(\.tablePID) == [0x1234, 0x20])
    #expect(table?.version == 5 && table?.isCurrent == true)
    #expect(TablesTests.long.withUnsafeBytes { ProgramAssociation(section: $0) } == nil)
  }

  @Test(
    arguments: [
      (0x01, [], .mpeg1), (0x02, [], .mpeg2), (0x03, [], .mpegAudio), (0x04, [], .mpegAudio), (0x0F, [], .aac),
      (0x11, [], .aacLATM), (0x1B, [], .h264), (0x24, [], .hevc), (0x81, [], .ac3), (0x87, [], .eac3),
      (0x06, [0x6A, 1, 0], .ac3), (0x06, [0x0A, 4, 1, 2, 3, 0, 0x7A, 1, 0], .eac3),
      (0x06, [0x05, 4, 0x4F, 0x70, 0x75, 0x73, 0x7F, 2, 0x80, 2], .opus), (0x06, [0x7F, 2, 0x80, 2], .opus),
      (0x06, [0x05, 4, 0x48, 0x45, 0x56, 0x43], .hevc), (0x06, [0x56, 0], .teletext), (0x06, [0x59, 0], .subtitle),
      (0x06, [0x05, 4, 0x58, 0x58, 0x58, 0x58], .unknown), (0x06, [0x6B, 9, 0x6A, 0], .unknown),
      (0x06, [0x6A], .unknown),
      (0x06, [0x05, 2, 0x4F, 0x70], .unknown), (0x15, [], .unknown),
    ] as [(UInt8, [UInt8], StreamCodec)])
  func codecs(_ type: UInt8, _ descriptors: [UInt8], _ codec: StreamCodec) {
    let map = map(TestStream.map(streams: [(type, 0x111, descriptors)], programInfo: [0x05, 0]))
    #expect(map?.streams == [ProgramMap.Stream(pid: 0x111, streamType: type, codec: codec)])
  }

  @Test func lengthsThatContradictEachOther() {
    let good = TestStream.map(streams: [(0x1B, 0x100, [1, 2, 3]), (0x0F, 0x101, [])])
    #expect(map(good)?.clockPID == 0x100)
    #expect(map(good)?.firstAudio?.pid == 0x101)
    for (offset, value) in [(11, 200), (16, 250), (10, 0xFF), (15, 0xFF)] as [(Int, UInt8)] {
      var bad = good
      bad[offset] = value
      #expect(map(bad) == nil, "byte \(offset)")
    }
    for length in 0..<good.count { _ = map(Array(good.prefix(length))) }
  }

  // MARK: The state of a source

  private func apply(_ section: [UInt8], _ pid: UInt16, to tables: inout ProgramTables) -> Bool {
    section.withUnsafeBytes { tables.apply($0, pid: pid) }
  }

  @Test func versionsAndTablesToCome() {
    var tables = ProgramTables()
    let first = TestStream.map(streams: [(0x1B, 0x100, [])])
    #expect(!apply(first, 0x1000, to: &tables), "the PAT has not named it")
    #expect(apply(TestStream.association([(1, 0x1000)]), 0, to: &tables))
    #expect(apply(first, 0x1000, to: &tables))
    #expect(!apply(first, 0x1000, to: &tables), "the same again")
    #expect(!apply(TestStream.map(streams: [(0x24, 0x100, [])], version: 1, isCurrent: false), 0x1000, to: &tables))
    #expect(tables.maps.map { $0.streams[0].codec } == [.h264])
    #expect(apply(TestStream.map(streams: [(0x24, 0x100, [])], version: 1), 0x1000, to: &tables))
    #expect(tables.maps.map { $0.streams[0].codec } == [.hevc])
    #expect(!apply(TestStream.association([(1, 0x1001)], version: 1, isCurrent: false), 0, to: &tables))
    #expect(apply(TestStream.association([(1, 0x1001)], version: 1), 0, to: &tables))
    #expect(tables.maps.isEmpty, "its map comes on another PID now")
    #expect(Set(tables.tablePIDs) == [0, 0x1001])
  }

  @Test func mainStreamIsTheFirstVideoOfTheFirstProgramWithVideo() {
    var tables = ProgramTables()
    _ = apply(TestStream.association([(1, 0x20), (2, 0x21), (3, 0x22)]), 0, to: &tables)
    _ = apply(TestStream.map(program: 3, streams: [(0x1B, 0x300, [])]), 0x22, to: &tables)
    #expect(tables.mainStream(keeping: nil, isImpatient: false) == nil, "two maps are missing")
    #expect(tables.mainStream(keeping: nil, isImpatient: true)?.pid == 0x300)
    _ = apply(TestStream.map(program: 1, streams: [(0x0F, 0x100, [])]), 0x20, to: &tables)
    _ = apply(TestStream.map(program: 2, streams: [(0x0F, 0x201, []), (0x24, 0x200, [])]), 0x21, to: &tables)
    let main = tables.mainStream(keeping: nil, isImpatient: false)
    #expect(main?.pid == 0x200 && main?.codec == .hevc && main?.audio?.pid == 0x201)
    _ = apply(TestStream.map(program: 1, streams: [(0x1B, 0x100, [])], version: 1), 0x20, to: &tables)
    #expect(tables.mainStream(keeping: main, isImpatient: false)?.pid == 0x200, "it stays as long as it exists")
    _ = apply(TestStream.map(program: 2, streams: [(0x0F, 0x201, [])], version: 1), 0x21, to: &tables)
    #expect(tables.mainStream(keeping: main, isImpatient: false)?.pid == 0x100)
  }

  @Test func soundLeadsWhereThereIsNoPicture() {
    var tables = ProgramTables()
    _ = apply(TestStream.association([(1, 0x20), (2, 0x21)]), 0, to: &tables)
    _ = apply(TestStream.map(program: 1, streams: [(0x06, 0x99, []), (0x0F, 0x101, [])]), 0x20, to: &tables)
    #expect(tables.mainStream(keeping: nil, isImpatient: false) == nil)
    _ = apply(TestStream.map(program: 2, streams: [(0x81, 0x201, [])]), 0x21, to: &tables)
    #expect(tables.mainStream(keeping: nil, isImpatient: false)?.pid == 0x101)
  }
}
