extension StreamNormalizer {
  /// Puts a packet out: its counter continues what was put out before on its PID, or shows what the source lost.
  @inline(__always)
  mutating func put(
    _ packet: UnsafeMutablePointer<UInt8>, _ state: UnsafeMutablePointer<PIDState>, _ pid: UInt16,
    _ emit: (NormalizedEvent) -> Void
  ) {
    if !state.pointee.roles.isEmpty || !state.pointee.isContinuing {
      guard prepare(packet, state, pid, emit) else { return }
    }
    let offset = state.pointee.offset
    var control = packet[3]
    if offset != 0 {
      control = control & 0xF0 | (control &+ offset) & 0x0F
      packet[3] = control
    }
    state.pointee.lastOutput = control & 0x0F | PIDState.known
    if let start = runStart, start + runCount == packet {
      runCount += PacketView.size
    } else {
      flushRun(emit)
      (runStart, runCount) = (packet, PacketView.size)
    }
  }

  /// What is not done for each packet. False if it is not to be put out.
  private mutating func prepare(
    _ packet: UnsafeMutablePointer<UInt8>, _ state: UnsafeMutablePointer<PIDState>, _ pid: UInt16,
    _ emit: (NormalizedEvent) -> Void
  ) -> Bool {
    let view = PacketView(packet)
    if state.pointee.roles.contains(.tables) {
      renumber(packet, state)
    } else if !state.pointee.isContinuing {
      // The rest of something that began before: nobody can use it.
      if view.hasPayload, !view.payloadUnitStart, !state.pointee.isUnitOpen {
        counters.droppedBeforeRandomAccess &+= 1
        return false
      }
      if state.pointee.lastOutput == 0 {
        state.pointee.offset = 0
      } else {
        let wanted = state.pointee.lastOutput &+ (view.hasPayload ? 1 : 0)
        state.pointee.offset = (wanted &- view.continuityCounter) & 0x0F
      }
      state.pointee.isContinuing = true
      state.pointee.isUnitOpen = false
    }
    list(state, pid)
    if state.pointee.roles.contains(.clock) { putClock(packet, view, emit) }
    return true
  }

  /// Packets of tables are ours, and so are their counters.
  private func renumber(_ packet: UnsafeMutablePointer<UInt8>, _ state: UnsafeMutablePointer<PIDState>) {
    let counter = state.pointee.lastOutput == 0 ? 0 : state.pointee.lastOutput &+ 1
    packet[3] = packet[3] & 0xF0 | counter & 0x0F
    state.pointee.offset = 0
  }

  mutating func list(_ state: UnsafeMutablePointer<PIDState>, _ pid: UInt16) {
    state.pointee.isUsed = true
    guard !state.pointee.isListed else { return }
    state.pointee.isListed = true
    listed.append(pid)
  }

  private mutating func putClock(
    _ packet: UnsafeMutablePointer<UInt8>, _ view: PacketView, _ emit: (NormalizedEvent) -> Void
  ) {
    guard view.clock != nil else { return }
    if isClockToBeFlagged {
      isClockToBeFlagged = false
      packet[5] |= 0x80
    }
    guard let clock = pendingClock else { return }
    pendingClock = nil
    flushRun(emit)
    emit(.clock(clock))
  }

  mutating func flushRun(_ emit: (NormalizedEvent) -> Void) {
    guard let start = runStart else { return }
    let count = runCount
    (runStart, runCount) = (nil, 0)
    counters.packetsOut &+= UInt64(count / PacketView.size)
    emit(.packets(UnsafeRawBufferPointer(start: start, count: count)))
  }

  mutating func putPreamble(_ emit: (NormalizedEvent) -> Void) {
    for index in 0..<preamble.count {
      let packet = preamble[index]
      let pid = PacketView(packet).pid
      put(packet, pids[pid], pid, emit)
    }
    flushRun(emit)
  }

  /// Routes what was held, in its order.
  mutating func releaseHeld(_ emit: (NormalizedEvent) -> Void) {
    guard held.count > 0 else { return }
    if isRunning {
      for index in 0..<held.count {
        let pid = PacketView(held[index]).pid
        put(held[index], pids[pid], pid, emit)
      }
      flushRun(emit)
    } else {
      counters.droppedBeforeRandomAccess &+= UInt64(held.count)
    }
    held.removeAll()
  }
}
