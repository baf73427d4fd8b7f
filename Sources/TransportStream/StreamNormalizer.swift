internal import Glibc

/// Turns the aligned packets of a source into what the log stores: a stream in which the tables stand before each random
/// access point, continuity counters run on over every joint, and the log knows where it may be cut.
///
///     push ──> take (source: errors, duplicates, tables, main stream) ──> route ──> put (output: counters, runs) ──> emit
///                                                                          ├─> held, while a PES packet is undecided
///                                                                          └─> dropped, before the first random access point
///
/// Confined to one thread at a time.
package struct StreamNormalizer: ~Copyable {
  enum Phase {
    /// Everything is dropped until a random access point. -> `running`
    case waiting
    /// -> `waiting` at a jump of the timeline, a change of the main stream, or the next run.
    case running
  }

  /// The PES packet of the main stream that began last.
  enum Unit {
    /// Nothing more to learn from it.
    case settled
    /// Its header goes on in the next packet. Packets are held. -> any other
    case header(indicator: Bool)
    /// Whether it is a random access point is not clear yet. Packets are held. -> `settled`
    case verdict(Timeline.Unit)
    /// Marked already; only its parameters are still wanted. -> `settled`
    case parameters
  }

  /// Held packets at most; then a PES packet that is undecided is no random access point.
  static let heldLimit = 512
  /// PAT and PMT come as often before audio, 90 kHz.
  static let audioTablesInterval: Int64 = 13_500
  /// Packets after which the main stream is chosen without the map tables that are still missing.
  static let tablePatience: UInt64 = 2_000

  /// Counted since the beginning, over all runs.
  package internal(set) var counters = Counters()
  package internal(set) var mediaInfo = MediaInfo()

  var pids = PIDTable()
  var tables = ProgramTables()
  var main: MainStream?
  var timeline: Timeline
  var policy = RandomAccessPolicy()
  var probe = AccessUnitProbe()
  var phase = Phase.waiting
  var unit = Unit.settled
  /// A packet without payload announced random access for the next PES packet.
  var isAnnounced = false
  /// The clock of a packet that is not put out yet.
  var pendingClock: Int64?
  /// The next PCR put out is the first of a new time base and says so.
  var isClockToBeFlagged = false
  var hasOutput = false
  var listed: ContiguousArray<UInt16> = []
  var lastMarkedTime: Int64?
  var lastTablesTime: Int64?
  /// `counters.packets` when the tables of this run began.
  var tablesBegan: UInt64?

  var held = PacketBuffer(capacity: 32)
  /// PAT and PMTs, to put before each random access point.
  var preamble = PacketBuffer(capacity: 4)
  var scratch = PacketBuffer(capacity: 4)
  var runStart: UnsafeMutablePointer<UInt8>?
  var runCount = 0

  /// `continuing`: the last counters of a log that somebody else wrote; empty for a new log. `lastDecodeTime`: of that
  /// log, so that unwrapped times go on (90 kHz).
  package init(continuing: some Collection<PIDContinuity> = [PIDContinuity](), lastDecodeTime: Int64? = nil) {
    timeline = Timeline(near: lastDecodeTime)
    lastMarkedTime = lastDecodeTime
    for entry in continuing where entry.pid < PacketView.nullPID {
      pids.touch(entry.pid)
      pids[entry.pid].pointee.lastOutput = entry.counter & 0x0F | PIDState.known
      list(pids[entry.pid], entry.pid)
      hasOutput = true
    }
    refreshRoles()
  }

  /// For each PID put out, its last counter.
  package var continuity: ContiguousArray<PIDContinuity> {
    var result = ContiguousArray<PIDContinuity>()
    result.reserveCapacity(listed.count)
    for pid in listed { result.append(PIDContinuity(pid: pid, counter: pids[pid].pointee.lastOutput & 0x0F)) }
    return result
  }

  /// The programs of this run whose map is known, in the order of the PAT.
  package var programs: [ProgramMap] { tables.maps }

  /// Of the last mark that had one: unwrapped, 90 kHz.
  package var lastDecodeTime: Int64? { lastMarkedTime }

  /// Whether a random access point of this run has been put out, and nothing has broken the timeline since.
  package var isRunning: Bool {
    if case .running = phase { true } else { false }
  }

  /// What comes next is from the beginning of a source: the first one, the same opened again, or another. Packets that
  /// are still held are dropped: `flush` before.
  package mutating func beginRun() {
    counters.droppedBeforeRandomAccess &+= UInt64(held.count)
    held.removeAll()
    unit = .settled
    isAnnounced = false
    pendingClock = nil
    pids.forgetSource()
    tables = ProgramTables()
    tablesBegan = nil
    main = nil
    mediaInfo = MediaInfo()
    policy = RandomAccessPolicy()
    preamble.removeAll()
    refreshRoles()
    beginSplice()
  }

  /// Takes packets of 188 bytes, which may be modified, and calls `emit` with what becomes of them. Bytes behind the last
  /// whole packet are ignored.
  package mutating func push(_ packets: UnsafeMutableRawBufferPointer, _ emit: (NormalizedEvent) -> Void) {
    guard let base = packets.baseAddress else { return }
    var packet = base.assumingMemoryBound(to: UInt8.self)
    let end = packet + packets.count / PacketView.size * PacketView.size
    while packet < end {
      take(packet, emit)
      packet += PacketView.size
    }
    flushRun(emit)
  }

  /// The end of a run: puts out what is held.
  package mutating func flush(_ emit: (NormalizedEvent) -> Void) {
    settle(emit)
    flushRun(emit)
  }

  /// Drops what comes until a random access point, and continues the counters there.
  mutating func beginSplice() {
    phase = .waiting
    pids.rebase()
    timeline.begin()
    policy.timelineJumped()
  }
}
