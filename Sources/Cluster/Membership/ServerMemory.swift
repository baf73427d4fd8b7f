/// How long nothing follows from what the store does not have.
///
/// A server that has just started, or that took the place of another, may have lost leases whose holders live, and its
/// connections have other ids. So for one lease time nobody is dead because of what is missing there, and nobody
/// claims a stream that has no owner: the living have renewed and re-asserted by then (design.md §6, "Redis restarts").
/// So it is too when a server that runs on has lost what it had (FLUSHALL).
package struct ServerMemory: Sendable {
  private let times: LeaseTimes
  private var server: (runID: String, since: Duration)?
  private var isConnected = false

  package init(times: LeaseTimes) { self.times = times }

  /// `uptime`: of the server, as it says itself. True: the same server as at the last time, with its memory.
  package mutating func connected(to runID: String, uptime: Duration, now: Duration) -> Bool {
    isConnected = true
    if let server, server.runID == runID { return true }
    // One that ran already may have been a replica: known to nobody as the master before this change.
    server = (runID, server == nil ? now - uptime : now)
    return false
  }

  /// The next server may be another.
  package mutating func disconnected() { isConnected = false }

  /// The server has no lease of this worker where there was one: it may have lost all that it had.
  package mutating func lost(now: Duration) { server?.since = now }

  /// Nil: what the store does not have does not exist. Else how long to wait for that.
  package func forgetful(now: Duration) -> Duration? {
    guard isConnected, let server else { return times.lapse }
    let remaining = server.since + times.lapse - now
    return remaining > .zero ? remaining : nil
  }
}
