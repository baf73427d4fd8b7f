extension StreamNormalizer {
  /// Takes a packet of the PAT's or a PMT's PID. Each section that it completes is put out, in packets of our own.
  mutating func takeTables(_ view: PacketView, _ pid: UInt16, _ emit: (NormalizedEvent) -> Void) {
    guard view.hasPayload, let assembler = tables.assembler(for: pid) else { return }
    assembler.begin(view.payload, unitStart: view.payloadUnitStart)
    while let section = assembler.next() {
      if tables.apply(section, pid: pid) { tablesChanged(emit) }
      if main == nil { chooseMain(emit) }
      forward(section, pid, emit)
    }
  }

  private mutating func tablesChanged(_ emit: (NormalizedEvent) -> Void) {
    if tablesBegan == nil { tablesBegan = counters.packets }
    preamble.removeAll()
    var sections: [(UInt16, [UInt8])] = []
    tables.forEachSection { sections.append(($0, Array($1))) }
    for (pid, section) in sections { section.withUnsafeBytes { preamble.append(section: $0, pid: pid) } }
    chooseMain(emit)
    refreshRoles()
  }

  private mutating func chooseMain(_ emit: (NormalizedEvent) -> Void) {
    let waited = counters.packets &- (tablesBegan ?? counters.packets)
    let isImpatient = waited > StreamNormalizer.tablePatience
    let chosen = tables.mainStream(keeping: main, isImpatient: isImpatient)
    guard chosen != main else { return }
    let isOther = chosen?.pid != main?.pid || chosen?.codec != main?.codec
    if isOther {
      settle(emit)
      unit = .settled
      isAnnounced = false
      policy = RandomAccessPolicy()
      if isRunning { beginSplice() }
    }
    main = chosen
    describeCodecs(forgetsVideo: isOther)
    refreshRoles()
  }

  private mutating func describeCodecs(forgetsVideo: Bool) {
    if forgetsVideo { mediaInfo = MediaInfo() }
    mediaInfo.videoCodec = main.flatMap { $0.codec.isVideo ? $0.codec : nil }
    mediaInfo.audioCodec = main?.audio?.codec
    mediaInfo.audioChannels = nil
    mediaInfo.audioSampleRate = nil
  }

  /// Writes down for each PID what it is used for.
  mutating func refreshRoles() {
    pids.clearRoles()
    if let main {
      pids.add(.clock, to: main.clockPID)
      pids.add(.main, to: main.pid)
      if let audio = main.audio, mediaInfo.audioChannels == nil { pids.add(.audio, to: audio.pid) }
    }
    for pid in tables.tablePIDs { pids.add(.tables, to: pid) }
  }

  private mutating func forward(_ section: UnsafeRawBufferPointer, _ pid: UInt16, _ emit: (NormalizedEvent) -> Void) {
    scratch.removeAll()
    scratch.append(section: section, pid: pid)
    for index in 0..<scratch.count { route(scratch[index], pids[pid], pid, emit) }
    flushRun(emit)
  }
}
