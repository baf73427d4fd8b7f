extension StreamNormalizer {
  /// Learns what there is to learn from a packet of the main stream, before it is routed.
  mutating func takeMain(_ view: PacketView, _ emit: (NormalizedEvent) -> Void) {
    guard let main else { return }
    guard view.hasPayload else {
      if view.randomAccess { isAnnounced = true }
      return
    }
    if view.scrambling != 0 { counters.scrambled &+= 1 }
    if view.payloadUnitStart {
      settle(emit)
      unit = .header(indicator: view.randomAccess || isAnnounced)
      isAnnounced = false
      probe.begin(main.codec)
    }
    if case .settled = unit { return }
    probe.append(view.payload)
    examine(main, emit)
  }

  private mutating func examine(_ main: MainStream, _ emit: (NormalizedEvent) -> Void) {
    if case .header(let indicator) = unit { readHeader(indicator: indicator, main, emit) }
    switch unit {
    case .settled, .header: return
    case .verdict(let times):
      probe.scan()
      switch probe.verdict {
      case .randomAccess: begin(times, randomAccess: true, emit)
      case .other: begin(times, randomAccess: false, emit)
      case .undecided:
        if probe.isFull { begin(times, randomAccess: false, emit) }
      }
    case .parameters:
      probe.scan()
      noteSize()
      if probe.verdict != .undecided || probe.isFull { unit = .settled }
    }
  }

  private mutating func readHeader(indicator: Bool, _ main: MainStream, _ emit: (NormalizedEvent) -> Void) {
    switch PESHeader.parse(probe.contents) {
    case .needsMore:
      if probe.isFull { settle(emit) }
    case .invalid:
      settle(emit)
    case .complete(let header):
      let times = timeline.place(header)
      if times.isJump {
        counters.timelineJumps &+= 1
        beginSplice()
      }
      guard main.codec.isVideo else { return begin(times, randomAccess: true, emit) }
      probe.skipHeader(header.length)
      switch policy.rule(indicator: indicator, time: times.decodeTime) {
      case .point:
        begin(times, randomAccess: true, emit)
        unit = .parameters
      case .notPoint: begin(times, randomAccess: false, emit)
      case .parse: unit = .verdict(times)
      }
    }
  }

  /// What is still open stays open: the PES packet that began last is no random access point, as far as we know.
  mutating func settle(_ emit: (NormalizedEvent) -> Void) {
    switch unit {
    case .settled, .parameters: unit = .settled
    case .header:
      unit = .settled
      releaseHeld(emit)
    case .verdict(let times): begin(times, randomAccess: false, emit)
    }
  }

  /// The PES packet that began last is decided: marks it and puts out what was held since.
  private mutating func begin(_ times: Timeline.Unit, randomAccess: Bool, _ emit: (NormalizedEvent) -> Void) {
    unit = .settled
    noteSize()
    let isFirst = !isRunning
    if randomAccess || !isFirst {
      flushRun(emit)
      let hasTables = randomAccess && areTablesDue(times.decodeTime, isFirst: isFirst)
      var mark = NormalizedEvent.Mark(
        randomAccess: randomAccess, hasTables: hasTables, discontinuity: false, decodeTime: times.decodeTime,
        presentationTime: times.presentationTime, continuity: [])
      if isFirst { mark.discontinuity = join(emit) }
      if randomAccess { mark.continuity = continuity }
      lastMarkedTime = times.decodeTime ?? lastMarkedTime
      emit(.mark(mark))
      if randomAccess { counters.randomAccessPoints &+= 1 }
      if hasTables { putPreamble(emit) }
    }
    releaseHeld(emit)
  }

  private mutating func areTablesDue(_ time: Int64?, isFirst: Bool) -> Bool {
    if !isFirst, main?.codec.isVideo == false, let time, let last = lastTablesTime,
      (0..<StreamNormalizer.audioTablesInterval).contains(time &- last)
    {
      return false
    }
    lastTablesTime = time
    return true
  }

  private mutating func noteSize() {
    if let size = probe.size { mediaInfo.videoSize = size }
  }

  /// The first random access point of a run or timeline. Returns whether something was put out before.
  private mutating func join(_ emit: (NormalizedEvent) -> Void) -> Bool {
    phase = .running
    defer { hasOutput = true }
    guard hasOutput else { return false }
    counters.splices &+= 1
    isClockToBeFlagged = true
    // PIDs that the part before did not use are not worth a packet at each joint any more.
    listed = listed.filter { pid in
      let state = pids[pid]
      state.pointee.isListed = state.pointee.isUsed
      return state.pointee.isUsed
    }
    for pid in listed { pids[pid].pointee.isUsed = false }
    let preface = Splice.preface(continuity: continuity)
    counters.packetsOut &+= UInt64(listed.count)
    preface.withUnsafeBytes { emit(.packets($0)) }
    return true
  }
}
