/// The stream that the log is cut by, and what belongs to it.
struct MainStream: Equatable {
  var pid: UInt16
  var codec: StreamCodec
  var clockPID: UInt16
  var audio: ProgramMap.Stream?
}

/// The current tables of a source: the PAT and the PMT of each of its programs.
struct ProgramTables {
  private struct Program {
    var number: UInt16
    var pid: UInt16
    var section: [UInt8] = []
    var map: ProgramMap?
  }

  /// More programs, or sections of the PAT, than these are not looked at.
  private static let programLimit = 256
  private static let associationLimit = 8

  private var associations: [(table: ProgramAssociation, section: [UInt8])] = []
  private var programs: [Program] = []
  private var assemblers: [UInt16: SectionAssembler] = [0: SectionAssembler()]

  /// The programs whose PMT is known, in the order of the PAT.
  var maps: [ProgramMap] { programs.compactMap(\.map) }

  /// The PIDs that carry tables.
  var tablePIDs: [UInt16] { Array(assemblers.keys) }

  func assembler(for pid: UInt16) -> SectionAssembler? { assemblers[pid] }

  /// Takes a whole section that came on `pid`. Returns whether it changed anything.
  mutating func apply(_ section: UnsafeRawBufferPointer, pid: UInt16) -> Bool {
    if pid == 0 { return applyAssociation(section) }
    guard section.count >= 12, section[0] == 0x02 else { return false }
    let number = UInt16(section[3]) << 8 | UInt16(section[4])
    guard let index = programs.firstIndex(where: { $0.number == number && $0.pid == pid }),
      !programs[index].section.elementsEqual(section),
      let map = ProgramMap(section: section, tablePID: pid), map.isCurrent
    else { return false }
    programs[index].section = Array(section)
    programs[index].map = map
    return true
  }

  private mutating func applyAssociation(_ section: UnsafeRawBufferPointer) -> Bool {
    guard !associations.contains(where: { $0.section.elementsEqual(section) }),
      let table = ProgramAssociation(section: section), table.isCurrent
    else { return false }
    associations.removeAll { $0.table.version != table.version || $0.table.sectionNumber == table.sectionNumber }
    guard associations.count < ProgramTables.associationLimit else { return false }
    associations.append((table, Array(section)))
    associations.sort { $0.table.sectionNumber < $1.table.sectionNumber }
    rebuildPrograms()
    return true
  }

  private mutating func rebuildPrograms() {
    let known = programs
    let entries = associations.flatMap(\.table.entries).prefix(ProgramTables.programLimit)
    programs = entries.map { entry in
      known.first { $0.number == entry.programNumber && $0.pid == entry.tablePID }
        ?? Program(number: entry.programNumber, pid: entry.tablePID)
    }
    let pids = Set(programs.map(\.pid))
    assemblers = assemblers.filter { $0.key == 0 || pids.contains($0.key) }
    for pid in pids where assemblers[pid] == nil { assemblers[pid] = SectionAssembler() }
  }

  /// Calls `body` with each current section and its PID, the PAT first.
  func forEachSection(_ body: (UInt16, UnsafeRawBufferPointer) -> Void) {
    for association in associations { association.section.withUnsafeBytes { body(0, $0) } }
    for program in programs where program.map != nil { program.section.withUnsafeBytes { body(program.pid, $0) } }
  }

  /// The first video of the first program that has one, else the first audio. While the PMT of an earlier program is
  /// missing there is no answer, unless `isImpatient`. `current` stays as long as it exists.
  func mainStream(keeping current: MainStream?, isImpatient: Bool) -> MainStream? {
    if let current, let kept = find(current) { return kept }
    for program in programs {
      guard let map = program.map else {
        if isImpatient { continue }
        return nil
      }
      if let video = map.firstVideo { return ProgramTables.main(video, in: map) }
    }
    for map in maps {
      if let audio = map.firstAudio { return ProgramTables.main(audio, in: map) }
    }
    return nil
  }

  private func find(_ main: MainStream) -> MainStream? {
    for map in maps {
      // A program that gets a picture is not led by its sound any more.
      if main.codec.isAudio, map.firstVideo != nil { continue }
      if let stream = map.streams.first(where: { $0.pid == main.pid && $0.codec == main.codec }) {
        return ProgramTables.main(stream, in: map)
      }
    }
    return nil
  }

  private static func main(_ stream: ProgramMap.Stream, in map: ProgramMap) -> MainStream {
    MainStream(pid: stream.pid, codec: stream.codec, clockPID: map.clockPID, audio: map.firstAudio)
  }
}
