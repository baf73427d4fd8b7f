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

/// The state of one PID, on the way in and on the way out.
struct PIDState {
  /// No counter yet.
  static let none: UInt8 = 0xFF

  /// Of the last payload, to tell a duplicate from sixteen lost packets.
  var fingerprint: UInt64 = 0
  var roles: PIDRoles = []
  /// The last counter that the source sent.
  var lastSource = PIDState.none
  /// The last packet was a duplicate already.
  var isRepeated = false
  /// The last counter that was put out.
  var lastOutput = PIDState.none
  /// Counter put out minus counter of the source, modulo 16.
  var offset: UInt8 = 0
  /// The next packet put out continues `lastOutput`, whatever counter it has.
  var isRebasing = true
  /// Put out since the last splice.
  var isUsed = false
  /// In the list of PIDs that a splice names.
  var isListed = false
}

/// One `PIDState` for each of the 8,192 PIDs, at a fixed address.
struct PIDTable: ~Copyable {
  static let count = 8192
  private let states: UnsafeMutablePointer<PIDState>

  init() {
    states = .allocate(capacity: PIDTable.count)
    states.initialize(repeating: PIDState(), count: PIDTable.count)
  }

  deinit { states.deallocate() }

  /// Valid as long as the table.
  subscript(pid: UInt16) -> UnsafeMutablePointer<PIDState> {
    states + Int(pid & 0x1FFF)
  }

  /// What comes next continues the output, with whatever counters.
  func rebase() {
    for index in 0..<PIDTable.count { states[index].isRebasing = true }
  }

  func clearRoles() {
    for index in 0..<PIDTable.count where !states[index].roles.isEmpty {
      // A PID of tables has counters of ours; should it become another one, it has to continue them.
      if states[index].roles.contains(.tables) { states[index].isRebasing = true }
      states[index].roles = []
    }
  }

  /// A new source: its counters and roles are not known yet.
  func forgetSource() {
    for index in 0..<PIDTable.count {
      states[index].lastSource = PIDState.none
      states[index].isRepeated = false
      states[index].roles = []
    }
  }
}
