internal import Glibc

/// Finds the packets in pieces of a byte stream of unknown origin and hands them on in maximal runs.
///
/// Packets of 188 bytes are the rule. Packets that come each 192 bytes (M2TS, a time code before each) or each 204 bytes
/// (Reed-Solomon bytes behind each) are recognised by their step and reduced to 188.
///
///          no 0x47 where a packet should begin
///     hunting <───────────────────────────── locked
///        └──────────────────────────────────────^
///          0x47 at one step over `syncDepth` packets
package struct PacketAligner: ~Copyable {
  /// What can be said about the input so far.
  package enum Verdict: Equatable, Sendable {
    /// Never locked, too little input to tell.
    case undecided
    /// Was locked at least once.
    case transportStream
    /// `patience` bytes, or all the input there was, without a lock. `firstBytes` tells what was sent instead.
    case notTransportStream
  }

  private enum State {
    /// `suspect`: the bytes begin with a packet that no packet followed; it is torn if packets begin inside it.
    case hunting(suspect: Bool)
    case locked(step: Int)
  }

  /// Packets in a row that make a lock.
  package static let syncDepth = 5
  /// Packets in a row that make a lock when the input ends before `syncDepth`.
  package static let syncDepthAtEnd = 3
  /// Bytes after which input without a lock is not a transport stream.
  package static let patience = 64 * 1024
  /// How much of the beginning is kept in `firstBytes`.
  package static let keptBytes = 512
  private static let steps = [188, 192, 204]
  private static let carryCapacity = 4096

  /// The first bytes of the input, at most `keptBytes`.
  package private(set) var firstBytes: [UInt8] = []
  /// Bytes of the input so far.
  package private(set) var receivedBytes: UInt64 = 0
  /// Bytes that belonged to no packet.
  package private(set) var droppedBytes: UInt64 = 0
  /// How often the lock was lost.
  package private(set) var resyncs: UInt64 = 0

  private var state = State.hunting(suspect: false)
  private var hasLocked = false
  private var isFinished = false
  private let carry: UnsafeMutableRawPointer
  private var carried = 0

  package init() {
    carry = .allocate(byteCount: PacketAligner.carryCapacity, alignment: 16)
  }

  deinit { carry.deallocate() }

  package var isLocked: Bool {
    if case .locked = state { true } else { false }
  }

  package var verdict: Verdict {
    if hasLocked { return .transportStream }
    return isFinished || receivedBytes >= UInt64(PacketAligner.patience) ? .notTransportStream : .undecided
  }

  /// Takes the next piece, of any length, and calls `emit` with runs of whole packets, in order. A run points into the
  /// piece or into the aligner, may be modified, and is valid during the call. The piece itself may be modified.
  package mutating func push(
    _ piece: UnsafeMutableRawBufferPointer, _ emit: (UnsafeMutableRawBufferPointer) -> Void
  ) {
    guard let start = piece.baseAddress else { return }
    note(piece)
    var offset = 0
    while carried > 0, offset < piece.count {
      offset = completeCarry(start, from: offset, to: piece.count, emit)
    }
    guard offset < piece.count else { return }
    let rest = piece.count - offset
    let used = scan(start + offset, rest, isEnd: false, emit)
    carried = rest - used
    memcpy(carry, start + offset + used, carried)
  }

  /// The input has ended: hands on what is left. No `push` may follow; a new input gets a new aligner.
  package mutating func finish(_ emit: (UnsafeMutableRawBufferPointer) -> Void) {
    let used = scan(carry, carried, isEnd: true, emit)
    droppedBytes &+= UInt64(carried - used)
    carried = 0
    isFinished = true
  }

  private mutating func note(_ piece: UnsafeMutableRawBufferPointer) {
    receivedBytes &+= UInt64(piece.count)
    let missing = PacketAligner.keptBytes - firstBytes.count
    if missing > 0 { firstBytes.append(contentsOf: piece.prefix(missing)) }
  }

  /// Continues the carried bytes with some of the piece. Returns how far the piece is used up then.
  private mutating func completeCarry(
    _ piece: UnsafeMutableRawPointer, from offset: Int, to end: Int, _ emit: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Int {
    let wanted: Int
    if case .locked(let step) = state {
      wanted = max(step + 1 - carried, 1)
    } else {
      wanted = PacketAligner.carryCapacity - carried
    }
    let taken = min(wanted, end - offset)
    memcpy(carry + carried, piece + offset, taken)
    let total = carried + taken
    let used = scan(carry, total, isEnd: false, emit)
    let left = total - used
    if left <= taken {
      carried = 0
      return offset + taken - left
    }
    memmove(carry, carry + used, left)
    carried = left
    return offset + taken
  }

  /// Emits the packets at `bytes`; returns how many bytes are done with. Leaves less than a hunt needs to look ahead.
  private mutating func scan(
    _ bytes: UnsafeMutableRawPointer, _ count: Int, isEnd: Bool, _ emit: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Int {
    var position = 0
    while true {
      switch state {
      case .locked(let step):
        position += run(bytes + position, count - position, step: step, isEnd: isEnd, emit)
        if case .locked = state { return position }
      case .hunting(let suspect):
        position += hunt(bytes + position, count - position, suspect: suspect, isEnd: isEnd, emit)
        if case .hunting = state { return position }
      }
    }
  }

  /// Emits the packets from here up to the end or to where the lock is lost; returns how many bytes that took.
  private mutating func run(
    _ bytes: UnsafeMutableRawPointer, _ count: Int, step: Int, isEnd: Bool,
    _ emit: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Int {
    let size = PacketView.size
    let source = bytes.assumingMemoryBound(to: UInt8.self)
    guard count > 0 else { return 0 }
    guard source[0] == PacketView.sync else {
      loseLock(suspect: false)
      return 0
    }
    var end = 0
    while end + step < count, source[end + step] == PacketView.sync { end += step }
    // The last packet has no successor here: either the bytes end with it, or it is followed by something else.
    if end + step < count {
      loseLock(suspect: true)
    } else if end + step == count || (isEnd && end + size <= count) {
      end = min(end + step, count)
    }
    let packets = (end + step - size) / step
    if step != size {
      for index in stride(from: 1, to: packets, by: 1) { memmove(bytes + index * size, bytes + index * step, size) }
    }
    if packets > 0 { emit(UnsafeMutableRawBufferPointer(start: bytes, count: packets * size)) }
    return end
  }

  private mutating func loseLock(suspect: Bool) {
    state = .hunting(suspect: suspect)
    resyncs &+= 1
  }

  /// Looks for a lock; returns how many bytes are done with. If it is found, they end where the first packet begins.
  private mutating func hunt(
    _ bytes: UnsafeMutableRawPointer, _ count: Int, suspect: Bool, isEnd: Bool,
    _ emit: (UnsafeMutableRawBufferPointer) -> Void
  ) -> Int {
    let size = PacketView.size
    let source = UnsafePointer(bytes.assumingMemoryBound(to: UInt8.self))
    var candidate = suspect ? 1 : 0
    var found: Int?
    search: while candidate < count {
      guard let match = memchr(source + candidate, Int32(PacketView.sync), count - candidate) else {
        candidate = count
        break
      }
      candidate = match - UnsafeMutableRawPointer(mutating: source)
      switch PacketAligner.step(at: source + candidate, count - candidate, isEnd: isEnd) {
      case .impossible: candidate += 1
      case .possible: break search
      case .found(let step):
        found = step
        break search
      }
    }
    // A suspect whose bytes nobody else claims is a whole packet with garbage behind it.
    let isWhole = suspect && candidate >= size
    if isWhole { emit(UnsafeMutableRawBufferPointer(start: bytes, count: size)) }
    let isOpen = suspect && !isWhole && found == nil
    let done = isOpen ? 0 : candidate
    droppedBytes &+= UInt64(done - (isWhole ? size : 0))
    if let found {
      state = .locked(step: found)
      hasLocked = true
    } else {
      state = .hunting(suspect: isOpen)
    }
    return done
  }

  private enum Match {
    case impossible
    case possible
    case found(step: Int)
  }

  private static func step(at bytes: UnsafePointer<UInt8>, _ count: Int, isEnd: Bool) -> Match {
    var isPossible = false
    for step in steps {
      let depth = syncs(at: bytes, count, step: step)
      if depth == syncDepth || (isEnd && depth >= syncDepthAtEnd) { return .found(step: step) }
      if depth > 0 { isPossible = !isEnd }
    }
    return isPossible ? .possible : .impossible
  }

  /// How many packets in a row begin here, as far as the bytes go; 0 if one of them does not.
  private static func syncs(at bytes: UnsafePointer<UInt8>, _ count: Int, step: Int) -> Int {
    var depth = 0
    while depth < syncDepth {
      let offset = depth * step
      guard offset + 3 < count else { return max(depth, 1) }
      // adaptation_field_control 00 is reserved; this is what tells packets from a text with many G.
      guard bytes[offset] == PacketView.sync, bytes[offset + 3] & 0x30 != 0 else { return 0 }
      depth += 1
    }
    return depth
  }
}
