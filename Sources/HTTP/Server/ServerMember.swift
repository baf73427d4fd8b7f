/// What lives on a server's loop: a connection, a socket given away, a socket that is being closed.
protocol ServerMember: AnyObject {
  /// Now and then: deadlines are looked at here.
  func sweep(now: ContinuousClock.Instant)
  /// No more requests.
  func drain()
  /// The server ends: close at once.
  func stop()
}
