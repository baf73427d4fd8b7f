package import Identifiers

/// A client's connection to a stream, or one of its HLS requests.
package struct ClientJoin: Sendable {
  package var stream: StreamID
  package var client: ClientID
  /// Nil: an HLS request, after which the client is here until it has asked nothing for its timeout.
  package var connection: ConnectionID?
  package var address: String
  package var userAgent: String
  package var username: String
  package var format: ClientFormat

  package init(
    stream: StreamID, client: ClientID, connection: ConnectionID?, address: String = "", userAgent: String = "",
    username: String = "", format: ClientFormat
  ) {
    self.stream = stream
    self.client = client
    self.connection = connection
    self.address = address
    self.userAgent = userAgent
    self.username = username
    self.format = format
  }
}

package enum JoinResult: Sendable, Equatable {
  /// `clients`: distinct ones, with this one. `owner`: who runs the stream; nil: nobody does, so claim it.
  case joined(clients: Int, owner: Ownership?)
  /// The stream has that many clients (or the client that many connections).
  case full(limit: Int)
  case unknown
}

/// What one client got since the last report. Several workers and connections add up.
package struct ClientTraffic: Sendable {
  package var stream: StreamID
  package var client: ClientID
  package var bytes: UInt64
  package var segments: UInt64
  package var position: UInt64?
  package var lagMilliseconds: UInt64?
  /// How long ago it last asked (hls) or took something (ts, vod).
  package var idle: Duration

  package init(
    stream: StreamID, client: ClientID, bytes: UInt64 = 0, segments: UInt64 = 0, position: UInt64? = nil,
    lagMilliseconds: UInt64? = nil, idle: Duration = .zero
  ) {
    self.stream = stream
    self.client = client
    self.bytes = bytes
    self.segments = segments
    self.position = position
    self.lagMilliseconds = lagMilliseconds
    self.idle = idle
  }
}

package struct ClientLeave: Sendable {
  /// Nil: an HLS client that is known to be gone.
  package var connection: ConnectionID?
  package var reason: DisconnectReason
  /// What it got since the last report; names stream and client.
  package var traffic: ClientTraffic

  package init(connection: ConnectionID?, reason: DisconnectReason, traffic: ClientTraffic) {
    self.connection = connection
    self.reason = reason
    self.traffic = traffic
  }
}

package enum LeaveResult: Sendable, Equatable {
  /// The client is gone; so many others are left.
  case left(remaining: Int)
  /// It has other connections, or is an HLS client as well.
  case stays
  /// Stream or client is gone already, by a deletion for instance.
  case unknown
}

/// A client of a stream by its two names.
package struct ClientReference: Hashable, Sendable {
  package let stream: StreamID
  package let client: ClientID

  package init(stream: StreamID, client: ClientID) {
    self.stream = stream
    self.client = client
  }
}
