extension StreamNormalizer {
  /// The way of one packet from the source: is it good, what does it tell, where does it go.
  @inline(__always)
  mutating func take(_ packet: UnsafeMutablePointer<UInt8>, _ emit: (NormalizedEvent) -> Void) {
    counters.packets &+= 1
    let header = UnsafeRawPointer(packet).loadUnaligned(as: UInt32.self).bigEndian
    let pid = UInt16(truncatingIfNeeded: header >> 8 & 0x1FFF)
    guard header >> 24 == 0x47, header & 0x80_0000 == 0, pid != PacketView.nullPID, isWellFormed(header, packet) else {
      return refuse(packet)
    }
    let state = pids[pid]
    guard isContinuous(header, packet, state) else { return }
    if state.pointee.roles.isEmpty {
      route(packet, state, pid, emit)
    } else {
      takeSpecial(packet, state, pid, emit)
    }
  }

  @inline(__always)
  private func isWellFormed(_ header: UInt32, _ packet: UnsafeMutablePointer<UInt8>) -> Bool {
    header & 0x30 == 0x10 || PacketView(packet).isWellFormed
  }

  private mutating func refuse(_ packet: UnsafeMutablePointer<UInt8>) {
    let view = PacketView(packet)
    if !view.hasSync {
      counters.malformed &+= 1
    } else if view.transportError {
      counters.transportErrors &+= 1
    } else if view.pid == PacketView.nullPID {
      counters.nulls &+= 1
    } else {
      counters.malformed &+= 1
    }
  }

  /// ISO/IEC 13818-1 section 2.4.3.3. False for a duplicate, which is to be dropped.
  @inline(__always)
  private mutating func isContinuous(
    _ header: UInt32, _ packet: UnsafeMutablePointer<UInt8>, _ state: UnsafeMutablePointer<PIDState>
  ) -> Bool {
    let counter = UInt8(truncatingIfNeeded: header & 0x0F) | PIDState.known
    let previous = state.pointee.lastSource
    state.pointee.lastSource = counter
    if previous == 0 { pids.touch(UInt16(truncatingIfNeeded: header >> 8 & 0x1FFF)) }
    guard header & 0x10 != 0 else {
      if counter != previous, previous != 0, !PacketView(packet).discontinuity { counters.continuityErrors &+= 1 }
      return true
    }
    let fingerprint = StreamNormalizer.fingerprint(packet)
    if counter != (previous &+ 1) & 0x0F | PIDState.known, previous != 0 {
      return isLoss(counter == previous && fingerprint == state.pointee.fingerprint, packet, state, fingerprint)
    }
    state.pointee.fingerprint = fingerprint
    state.pointee.isRepeated = false
    return true
  }

  @inline(__always)
  private static func fingerprint(_ packet: UnsafeMutablePointer<UInt8>) -> UInt64 {
    let raw = UnsafeRawPointer(packet)
    let end = raw.loadUnaligned(fromByteOffset: 180, as: UInt64.self)
    return end ^ raw.loadUnaligned(fromByteOffset: 92, as: UInt64.self) &* 0x9E37_79B9_7F4A_7C15
  }

  /// A counter that is not the next. Returns whether packets were lost; else it is a duplicate.
  private mutating func isLoss(
    _ isSame: Bool, _ packet: UnsafeMutablePointer<UInt8>, _ state: UnsafeMutablePointer<PIDState>,
    _ fingerprint: UInt64
  ) -> Bool {
    if isSame {
      // Two of a kind are allowed, the third is an error; none is worth passing on.
      if state.pointee.isRepeated { counters.continuityErrors &+= 1 } else { counters.duplicates &+= 1 }
      state.pointee.isRepeated = true
      return false
    }
    let view = PacketView(packet)
    if !view.discontinuity { counters.continuityErrors &+= 1 }
    if state.pointee.roles.contains(.tables) { tables.assembler(for: view.pid)?.reset() }
    state.pointee.fingerprint = fingerprint
    state.pointee.isRepeated = false
    return true
  }

  /// Packets of PIDs that mean something to us.
  private mutating func takeSpecial(
    _ packet: UnsafeMutablePointer<UInt8>, _ state: UnsafeMutablePointer<PIDState>, _ pid: UInt16,
    _ emit: (NormalizedEvent) -> Void
  ) {
    let view = PacketView(packet)
    let roles = state.pointee.roles
    if roles.contains(.clock), let clock = view.clock { takeClock(clock, view, emit) }
    if roles.contains(.tables) {
      // Tables are put out section by section, so that they are always whole.
      return takeTables(view, pid, emit)
    }
    if roles.contains(.audio), view.payloadUnitStart { describeAudio(view, state) }
    if roles.contains(.main) { takeMain(view, emit) }
    route(packet, state, pid, emit)
  }

  private mutating func takeClock(_ value: Int64, _ view: PacketView, _ emit: (NormalizedEvent) -> Void) {
    let (clock, isJump) = timeline.place(clock: value, isFlagged: view.discontinuity)
    if isJump { jump(emit) }
    pendingClock = clock
  }

  /// The source's own timeline broke off.
  mutating func jump(_ emit: (NormalizedEvent) -> Void) {
    counters.timelineJumps &+= 1
    settle(emit)
    beginSplice()
  }

  /// Where a good packet of the source goes.
  @inline(__always)
  mutating func route(
    _ packet: UnsafeMutablePointer<UInt8>, _ state: UnsafeMutablePointer<PIDState>, _ pid: UInt16,
    _ emit: (NormalizedEvent) -> Void
  ) {
    switch unit {
    case .settled, .parameters:
      switch phase {
      case .running: put(packet, state, pid, emit)
      case .waiting: counters.droppedBeforeRandomAccess &+= 1
      }
    case .header, .verdict:
      hold(packet, emit)
    }
  }

  private mutating func hold(_ packet: UnsafeMutablePointer<UInt8>, _ emit: (NormalizedEvent) -> Void) {
    held.append(packet)
    if held.count >= StreamNormalizer.heldLimit { settle(emit) }
  }

  private mutating func describeAudio(_ view: PacketView, _ state: UnsafeMutablePointer<PIDState>) {
    guard let codec = mediaInfo.audioCodec, case .complete(let header) = PESHeader.parse(view.payload),
      header.length < view.payload.count,
      let audio = AudioHeader(UnsafeRawBufferPointer(rebasing: view.payload[header.length...]), codec: codec)
    else { return }
    mediaInfo.audioChannels = audio.channels
    mediaInfo.audioSampleRate = audio.sampleRate
    state.pointee.roles.remove(.audio)
  }
}
