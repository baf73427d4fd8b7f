package import Identifiers
package import Observability

/// A lifecycle event, for webhooks and the event feed (api.md §6). URLs in it are unmasked: who shows it masks them.
package struct ClusterEvent: Sendable, Equatable {
  package let position: EventPosition
  /// A version 4 UUID.
  package let id: String
  package let time: WallTime
  package let stream: StreamID
  /// The stream's own; that of `stream_stopped` is what its `stream_started` had.
  package let metadata: [String: String]
  package let content: EventContent
}

package enum EventContent: Sendable, Equatable {
  case streamStarted(StreamRegistration)
  case streamStopped(StreamStopped)
  case clientConnected(ClientRecord, clientCount: Int)
  case clientDisconnected(ClientRecord, reason: DisconnectReason)
  case takeover(from: Ownership, to: Ownership)
  case owner(OwnerEvent)

  /// The `event_type` of api.md §6.
  package var name: String {
    switch self {
    case .streamStarted: "stream_started"
    case .streamStopped: "stream_stopped"
    case .clientConnected: "client_connected"
    case .clientDisconnected: "client_disconnected"
    case .takeover: "stream_takeover"
    case .owner(.failed): "stream_failed"
    case .owner(.failover): "failover_triggered"
    }
  }
}

/// Why a stream stopped (api.md §6).
package enum StopReason: String, Sendable, CaseIterable {
  case lastClientDisconnected = "last_client_disconnected"
  case manualDeletion = "manual_deletion"
  case metadataFilterDeletion = "metadata_filter_deletion"
  case oldestStreamDeletion = "oldest_stream_deletion"
  case inactiveTimeout = "inactive_timeout"
  case sourceEnded = "source_ended"
  case failed
  case shutdown
}

package struct StreamStopped: Sendable, Equatable {
  package var reason: StopReason
  package var wasTranscoded: Bool
  package var bytesServed: UInt64
  /// Of a deletion by metadata.
  package var filterField: String?
  package var filterValue: String?
  /// Of the oldest stream's deletion.
  package var streamAge: Duration?
  /// Of `inactiveTimeout`.
  package var timeout: Duration?
}

/// What only the owner of a stream can say about it.
package enum OwnerEvent: Sendable, Equatable {
  case failed(StreamFailure)
  case failover(StreamFailover)
}

package struct StreamFailure: Sendable, Equatable {
  package var error: String
  package var errorType: String
  /// `no_failover_available` or `total_timeout_exceeded`.
  package var reason: String
  package var retryCount: Int

  package init(error: String, errorType: String, reason: String, retryCount: Int) {
    self.error = error
    self.errorType = errorType
    self.reason = reason
    self.retryCount = retryCount
  }
}

package struct StreamFailover: Sendable, Equatable {
  package var oldURL: String
  package var newURL: String
  /// -1 the primary URL, 0 the first of the failover list.
  package var index: Int
  package var attempt: Int
  /// A word of api.md §2.8.
  package var reason: String
  package var clientCount: Int

  package init(oldURL: String, newURL: String, index: Int, attempt: Int, reason: String, clientCount: Int) {
    self.oldURL = oldURL
    self.newURL = newURL
    self.index = index
    self.attempt = attempt
    self.reason = reason
    self.clientCount = clientCount
  }
}
