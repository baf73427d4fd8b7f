/// The times of one source, unwrapped: 33-bit counters become Int64 values that go on in either direction over a wrap.
package struct Timeline {
  /// Times of a PES packet in 90 kHz.
  package struct Unit: Equatable, Sendable {
    package var decodeTime: Int64?
    package var presentationTime: Int64?
    /// Whether the decode time is not where the one before lets expect it.
    package var isJump: Bool
  }

  /// Further back than this (90 kHz) is a jump.
  package static let backwardLimit: Int64 = 90_000
  /// Further ahead than this (90 kHz) is a jump.
  package static let forwardLimit: Int64 = 900_000
  /// A clock that the source says is discontinuous has jumped if it is further ahead than this (27 MHz), or back.
  package static let clockForwardLimit: Int64 = 27_000_000

  private static let modulus: Int64 = 1 << 33

  /// Of the last unit, 90 kHz.
  package private(set) var decodeTime: Int64?
  /// The last PCR, 27 MHz.
  package private(set) var clock: Int64?
  private var hasUnit = false
  private var hasClock = false

  /// `decodeTime`: the 90 kHz time near which this timeline goes on.
  package init(near decodeTime: Int64? = nil) {
    self.decodeTime = decodeTime
  }

  /// What comes next is from elsewhere: no jump, however far away it is.
  package mutating func begin() {
    hasUnit = false
    hasClock = false
  }

  package mutating func place(_ header: PESHeader) -> Unit {
    guard let presented = header.presentationTime else {
      return Unit(decodeTime: nil, presentationTime: nil, isJump: false)
    }
    let decoded = header.decodeTime ?? presented
    let time = Timeline.unwrap(decoded, near: decodeTime ?? clock.map { $0 / 300 }, modulus: Timeline.modulus)
    var isJump = false
    if hasUnit, let decodeTime {
      let step = time &- decodeTime
      isJump = step < -Timeline.backwardLimit || step > Timeline.forwardLimit
    }
    decodeTime = time
    hasUnit = true
    let presentation = Timeline.unwrap(presented, near: time, modulus: Timeline.modulus)
    return Unit(decodeTime: time, presentationTime: presentation, isJump: isJump)
  }

  /// Takes a PCR (27 MHz, as in the packet) and returns it unwrapped, with whether it is a jump that `isFlagged`, the
  /// discontinuity_indicator, owns up to.
  package mutating func place(clock value: Int64, isFlagged: Bool) -> (clock: Int64, isJump: Bool) {
    let reference = clock ?? decodeTime.map { $0 &* 300 }
    let time = Timeline.unwrap(value, near: reference, modulus: Timeline.modulus * 300)
    var isJump = false
    if isFlagged, hasClock, let clock {
      let step = time &- clock
      isJump = step < 0 || step > Timeline.clockForwardLimit
    }
    clock = time
    hasClock = true
    return (time, isJump)
  }

  /// The value that equals `value` modulo `modulus` and is nearest to `reference`.
  package static func unwrap(_ value: Int64, near reference: Int64?, modulus: Int64) -> Int64 {
    guard let reference else { return value }
    let difference = (value &- reference) % modulus
    let half = modulus / 2
    if difference >= half { return reference &+ difference &- modulus }
    if difference < -half { return reference &+ difference &+ modulus }
    return reference &+ difference
  }
}
