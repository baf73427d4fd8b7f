/// Checks a capture of an MPEG-TS as a receiver would see it. Shares no code with what it checks.
package struct TSCaptureChecker {
  /// What the capture must begin with.
  package enum Beginning: Sendable {
    /// PAT, then PMT, then media that begins with a key frame: a joiner's view, and an HLS segment's.
    case joined
    /// Anything: a capture that was begun in the middle, or FFmpeg's own output, which begins with an SDT.
    case anywhere
  }

  /// Checks a whole capture.
  package static func check(_ bytes: [UInt8], beginning: Beginning = .joined) -> TSCaptureReport {
    var checker = TSCaptureChecker(beginning: beginning)
    var at = 0
    while at + 188 <= bytes.count {
      if bytes[at] == 0x47 {
        checker.take(TSPacketView(bytes[at..<(at + 188)]))
      } else {
        checker.report.problems.append(.lostSync(offset: at))
      }
      checker.report.packetCount += 1
      at += 188
    }
    if at < bytes.count { checker.report.problems.append(.tornPacket(bytes: bytes.count - at)) }
    checker.finish()
    return checker.report
  }

  private let beginning: Beginning
  private var report = TSCaptureReport()
  private var tables = TSTables()
  private var streams: [UInt16: StreamState] = [:]
  private var firstPicture: (pid: UInt16, packet: Int, bytes: [UInt8])?
  private var isFirstPictureJudged = false
  private var clockDiscontinuities = 0

  private struct StreamState {
    var counter: UInt8
    var duplicates = 0
    var packet: ArraySlice<UInt8>
    var time: UInt64?
    var isExcused = false
    var awaitsUnit = false
    var clockDiscontinuities = 0
  }

  private init(beginning: Beginning) { self.beginning = beginning }

  private var packet: Int { report.packetCount }

  private mutating func take(_ view: TSPacketView) {
    let pid = view.pid
    if packet == 0, pid != 0, beginning == .joined { report.problems.append(.notBeginningWithPAT(pid: pid)) }
    guard pid != 0x1FFF else {
      report.nullPacketCount += 1
      return
    }
    report.packetsByPID[pid, default: 0] += 1
    checkCounter(view)
    if tables.take(view) == .badChecksum { report.problems.append(.badChecksum(packet: packet, pid: pid)) }
    checkOrder(pid)
    report.streamTypes = tables.streams
    guard tables.streams[pid] != nil else { return }
    collectFirstPicture(view)
    checkTime(view)
  }

  /// §2.4.3.3: the counter goes up with each packet that has a payload; one repetition of a packet is allowed.
  private mutating func checkCounter(_ view: TSPacketView) {
    let pid = view.pid
    guard var state = streams[pid] else {
      streams[pid] = StreamState(counter: view.counter, packet: view.bytes)
      report.beginsInMidFrame[pid] = view.hasPayload && !view.beginsUnit
      return
    }
    defer { streams[pid] = state }
    if view.isDiscontinuity {
      report.discontinuities.append(TSCaptureReport.Discontinuity(packet: packet, pid: pid))
      if tables.clockPIDs.contains(pid) { clockDiscontinuities += 1 }
      state.isExcused = true
      state.awaitsUnit = true
    } else if !isRepetition(view, of: &state) {
      let expected = view.hasPayload ? (state.counter + 1) & 15 : state.counter
      if view.counter != expected {
        report.problems.append(.continuity(packet: packet, pid: pid, expected: expected, found: view.counter))
      }
    }
    if state.awaitsUnit, view.hasPayload {
      state.awaitsUnit = false
      if tables.streams[pid] != nil, !view.beginsUnit {
        report.problems.append(.tornFrameAfterDiscontinuity(packet: packet, pid: pid))
      }
    }
    state.counter = view.counter
    state.packet = view.bytes
  }

  private func isRepetition(_ view: TSPacketView, of state: inout StreamState) -> Bool {
    guard view.hasPayload, view.counter == state.counter, state.duplicates == 0, view.bytes == state.packet else {
      state.duplicates = 0
      return false
    }
    state.duplicates = 1
    return true
  }

  private mutating func checkOrder(_ pid: UInt16) {
    guard beginning == .joined, !(tables.hasPAT && tables.hasPMT), pid >= 0x20 || pid == 1,
      !tables.programMaps.contains(pid)
    else { return }
    report.problems.append(.mediaBeforeTables(packet: packet, pid: pid))
  }

  private mutating func checkTime(_ view: TSPacketView) {
    guard view.beginsUnit, let time = decodingTime(ofPES: view.payload), var state = streams[view.pid] else { return }
    if let last = state.time {
      // 33 bits wrap after 26.5 hours: less than half the range ahead is later.
      let step = (time &- last) & 0x1_FFFF_FFFF
      let isExcused = state.isExcused || state.clockDiscontinuities != clockDiscontinuities
      if !isExcused, step == 0 || step >= 0x1_0000_0000 {
        report.problems.append(.timestampWentBack(packet: packet, pid: view.pid, from: last, to: time))
      } else if isExcused {
        // Sign-extended from 33 bits.
        let signed = Int64(bitPattern: step << 31) >> 31
        report.joints.append(TSCaptureReport.Joint(packet: packet, pid: view.pid, step: signed))
      } else {
        report.longestStep[view.pid] = max(report.longestStep[view.pid] ?? 0, step)
      }
    } else {
      report.firstTime[view.pid] = time
    }
    report.lastTime[view.pid] = time
    state.time = time
    state.isExcused = false
    state.clockDiscontinuities = clockDiscontinuities
    streams[view.pid] = state
  }

  private mutating func collectFirstPicture(_ view: TSPacketView) {
    guard beginning == .joined, !isFirstPictureJudged, let type = tables.streams[view.pid],
      KeyFrame.isVideo(streamType: type)
    else { return }
    if let picture = firstPicture {
      guard picture.pid == view.pid else { return }
      if view.beginsUnit { return judgeFirstPicture() }
      firstPicture?.bytes += view.payload
    } else if view.hasPayload {
      firstPicture = (view.pid, packet, Array(view.payload))
      report.isFirstPictureFlagged = view.isRandomAccess
      guard view.beginsUnit else {
        isFirstPictureJudged = true
        return report.problems.append(.notBeginningWithKeyFrame(packet: packet))
      }
    }
  }

  private mutating func judgeFirstPicture() {
    guard !isFirstPictureJudged, let picture = firstPicture, let type = tables.streams[picture.pid] else { return }
    isFirstPictureJudged = true
    if KeyFrame.begins(picture.bytes, streamType: type) == false {
      report.problems.append(.notBeginningWithKeyFrame(packet: picture.packet))
    }
  }

  private mutating func finish() {
    judgeFirstPicture()
    if !(tables.hasPAT && tables.hasPMT) { report.problems.append(.noTables) }
    if !report.packetsByPID.keys.contains(where: { tables.streams[$0] != nil }) { report.problems.append(.noMedia) }
  }
}
