internal import Glibc

/// What a PID is used for.
struct PIDRoles: OptionSet {
  var rawValue: UInt8
  /// PAT or PMT.
  static let tables = PIDRoles(rawValue: 1)
  static let main = PIDRoles(rawValue: 2)
  static let clock = PIDRoles(rawValue: 4)
  /// Audio whose first frame header is still wanted.
  static let audio = PIDRoles(rawValue: 8)
}

/// The state of one PID, on the way in and on the way out. All zero bytes are the state of a PID that was never seen.
struct PIDState {
  /// A counter that is known has this bit; 0 is no counter yet.
  static let known: UInt8 = 0x10

  /// Of the last payload, to tell a duplicate from sixteen lost packets.
  var fingerprint: UInt64
  var roles: PIDRoles
  /// The last counter that the source sent, with `known`.
  var lastSource: UInt8
  /// The last counter that was put out, with `known`.
  var lastOutput: UInt8
  /// Counter put out minus counter of the source, modulo 16.
  var offset: UInt8
  /// The last packet was a duplicate already.
  var isRepeated: Bool
  /// `offset` holds. Else the next packet put out continues `lastOutput`, whatever counter it has.
  var isContinuing: Bool
  /// Where the output ended there was a PES packet whose rest may come.
  var isUnitOpen: Bool
  /// Put out since the last splice.
  var isUsed: Bool
  /// In the list of PIDs that a splice names.
  var isListed: Bool
  /// In the table's own list of PIDs that have a state.
  var isTouched: Bool
}

/// One `PIDState` for each of the 8,192 PIDs, at a fixed address. Memory comes with the PIDs that are used.
struct PIDTable: ~Copyable {
  private static let count = 8192
  private let states: UnsafeMutablePointer<PIDState>
  private var touched: ContiguousArray<UInt16> = []

  init() {
    guard let zeros = calloc(PIDTable.count, MemoryLayout<PIDState>.stride) else { fatalError("no memory") }
    states = zeros.bindMemory(to: PIDState.self, capacity: PIDTable.count)
  }

  deinit { free(states) }

  /// Valid as long as the table. Who gives a PID its first state touches it.
  subscript(pid: UInt16) -> UnsafeMutablePointer<PIDState> {
    states + Int(pid & 0x1FFF)
  }

  mutating func touch(_ pid: UInt16) {
    guard !self[pid].pointee.isTouched else { return }
    self[pid].pointee.isTouched = true
    touched.append(pid)
  }

  /// What comes next continues the output, with whatever counters.
  func rebase() {
    for pid in touched {
      self[pid].pointee.isContinuing = false
      self[pid].pointee.isUnitOpen = false
    }
  }

  /// What comes next is the rest of what was put out, with whatever counters.
  func resume() {
    for pid in touched {
      self[pid].pointee.lastSource = 0
      self[pid].pointee.isRepeated = false
      self[pid].pointee.isContinuing = false
      self[pid].pointee.isUnitOpen = true
    }
  }

  mutating func add(_ role: PIDRoles, to pid: UInt16) {
    touch(pid)
    self[pid].pointee.roles.insert(role)
  }

  func clearRoles() {
    for pid in touched {
      // A PID of tables has counters of ours; should it become another one, it has to continue them.
      if self[pid].pointee.roles.contains(.tables) { self[pid].pointee.isContinuing = false }
      self[pid].pointee.roles = []
    }
  }

  /// A new source: its counters and roles are not known yet.
  func forgetSource() {
    for pid in touched {
      self[pid].pointee.lastSource = 0
      self[pid].pointee.isRepeated = false
    }
    clearRoles()
  }
}
