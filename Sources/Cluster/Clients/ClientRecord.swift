package import Identifiers
package import Observability

/// How a client takes a stream.
package enum ClientFormat: String, Sendable {
  /// One long body of the log.
  case ts
  /// Playlists and segments: here as long as it asks.
  case hls
  /// A file, through an upstream connection of its own.
  case vod
}

/// A number that the worker gives to one connection; unique in that worker's life.
package struct ConnectionID: Hashable, Sendable {
  package let value: UInt64

  package init(_ value: UInt64) { self.value = value }
}

/// A client of a stream as listings show it.
package struct ClientRecord: Hashable, Sendable {
  package let stream: StreamID
  package let id: ClientID
  package var worker: WorkerID
  package let address: String
  package let userAgent: String
  package let username: String
  package var format: ClientFormat
  package let connectedAt: WallTime
  package var lastSeen: WallTime
  package var bytesServed: UInt64 = 0
  package var segmentsServed: UInt64 = 0
  /// Chunk number (ts), segment number (hls) or byte offset (vod) that it has come to.
  package var position: UInt64?
  package var lagMilliseconds: UInt64 = 0
  /// Open connections; 0 for an HLS client between two requests.
  package var connections = 0
}

/// Why a client is gone (api.md §6).
package enum DisconnectReason: String, Sendable {
  case clientDisconnected = "client_disconnected"
  case timeout
  case writeTimeout = "write_timeout"
  case deleted
  case streamEnded = "stream_ended"
}
