/// What a pool is doing, and what it has been through.
package struct EncoderPoolStatus: Equatable, Sendable {
  package var waiting = 0
  package var running = 0
  /// Processes, idle ones and those that are ending among them.
  package var processes = 0
  /// Of those that have started.
  package var processIDs: [Int32] = []
  /// Processes that are gone, by why.
  package var restarts: [EncoderRestart: Int] = [:]
}

/// Why an encoder process was replaced. The raw value is the metric's label.
package enum EncoderRestart: String, CaseIterable, Sendable {
  case crash, timeout
  /// It had done its number of requests.
  case age
  /// A request wanted a process that had done nothing before.
  case fresh
}
