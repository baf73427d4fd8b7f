extension StreamNormalizer {
  /// Goes on with a stream that another one has put out, in the middle of a PES packet if need be: what is pushed next is
  /// what came next from its source, and there is no splice. For a normaliser that was made with the stream's last counters.
  ///
  /// - Parameters:
  ///   - point: packets of that stream from a random access point on, which tell what it is; they are read, not put out
  ///     again, and may be changed.
  ///   - endTime: decode time where the stream ends, unwrapped, 90 kHz.
  ///   - note: gets the decode times of `point`.
  /// - Returns: false if `point` is none; `beginRun` must come then.
  package mutating func resume(
    reading point: UnsafeMutableRawBufferPointer, endTime: Int64, _ note: (Int64) -> Void
  ) -> Bool {
    let (last, counted) = (continuity, counters)
    beginRun()
    push(point) { if case .mark(let mark) = $0, let time = mark.decodeTime { note(time) } }
    flush { if case .mark(let mark) = $0, let time = mark.decodeTime { note(time) } }
    (counters, tablesBegan) = (counted, counted.packets)
    for entry in last { pids[entry.pid].pointee.lastOutput = entry.counter & 0x0F | PIDState.known }
    guard isRunning else { return false }
    pids.resume()
    timeline = Timeline(near: endTime)
    lastMarkedTime = endTime
    (isAnnounced, isClockToBeFlagged, pendingClock) = (false, false, nil)
    return true
  }

  /// The PIDs that carry PAT and PMTs, as far as they are known.
  package var tablePIDs: Set<UInt16> { Set(tables.tablePIDs) }
}
