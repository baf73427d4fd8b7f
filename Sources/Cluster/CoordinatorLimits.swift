/// How much a coordinator keeps. Limits that an operator sets for viewers (`MAX_CLIENTS_PER_SHARED_STREAM`) are
/// arguments of the calls; these only keep memory bounded.
package struct CoordinatorLimits: Sendable {
  /// Registered stream ids at one time.
  package var streams: Int
  /// Client records of one stream.
  package var clientsPerStream: Int
  /// Connections counted for one client of one stream.
  package var connectionsPerClient: Int
  /// Events that can be resumed (design.md §3: 10,000).
  package var events: Int

  package init(
    streams: Int = 100_000, clientsPerStream: Int = 100_000, connectionsPerClient: Int = 256, events: Int = 10_000
  ) {
    self.streams = streams
    self.clientsPerStream = clientsPerStream
    self.connectionsPerClient = connectionsPerClient
    self.events = events
  }
}
