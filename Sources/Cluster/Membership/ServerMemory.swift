/// How long nothing follows from what the store does not have.
///
/// A server that is new to this worker may have lost leases whose holders live, and its connections have other ids. So
/// for one lease time nobody is dead because of what is missing there: the living have renewed and said their ids by
/// then (design.md §6, "Redis restarts").
package struct ServerMemory: Sendable {
  private let times: LeaseTimes
  private var server: (runID: String, since: Duration)?

  package init(times: LeaseTimes) { self.times = times }

  /// True: the same server as at the last time, with its memory.
  package mutating func connected(to runID: String, now: Duration) -> Bool {
    if let server, server.runID == runID { return true }
    defer { server = (runID, now) }
    return false
  }

  /// Nil: what the store does not have does not exist. Else how long to wait for that.
  package func forgetful(now: Duration) -> Duration? {
    guard let server else { return times.lapse }
    let remaining = server.since + times.lapse - now
    return remaining > .zero ? remaining : nil
  }
}
