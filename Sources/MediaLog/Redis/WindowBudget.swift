/// How much of each log is kept in Redis: the limits, this log's share of the worker's budget, and less while Redis is full.
struct WindowBudget {
  typealias Instant = ContinuousClock.Instant

  enum Change: Equatable {
    case none
    /// Redis has begun to refuse media.
    case full
    /// It takes media again, and the windows are whole.
    case recovered
  }

  private static let smallest = 16
  /// Refusals within it halve once.
  static let pause = Duration.seconds(2)
  /// For so long Redis has to take all before windows grow again.
  static let patience = Duration.seconds(60)

  private let limits: WindowLimits
  /// Bytes of all logs that this worker writes; nil: no bound.
  private let total: Int?
  private var divisor = 1
  private var lastRefusal: Instant?
  private var lastStep: Instant?

  init(limits: WindowLimits, total: Int?) { (self.limits, self.total) = (limits, total) }

  /// Each of `count` logs'.
  func share(of count: Int) -> WindowLimits {
    let bytes = min(limits.bytes, (total ?? .max) / max(1, count)) / divisor
    return WindowLimits(seconds: limits.seconds / Double(divisor), bytes: bytes)
  }

  /// Redis did not take a chunk for want of memory.
  mutating func refused(now: Instant) -> Change {
    lastRefusal = now
    guard lastStep.map({ $0 + Self.pause <= now }) ?? true else { return .none }
    lastStep = now
    let wasWhole = divisor == 1
    divisor = min(Self.smallest, divisor * 2)
    return wasWhole ? .full : .none
  }

  /// Redis took a chunk.
  mutating func took(now: Instant) -> Change {
    guard divisor > 1, let lastRefusal, let lastStep, max(lastRefusal, lastStep) + Self.patience <= now else {
      return .none
    }
    self.lastStep = now
    divisor /= 2
    return divisor == 1 ? .recovered : .none
  }
}
