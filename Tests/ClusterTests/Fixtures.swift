import Cluster
import Identifiers

/// Short names for what nearly every test needs.
enum Make {
  static func stream(_ number: UInt8 = 1) -> StreamID { StreamID(digest: [number]) }

  static func client(_ name: String = "c1") -> ClientID {
    guard let id = ClientID(name) else { fatalError("not a client id: \(name)") }
    return id
  }

  static func registration(
    _ number: UInt8 = 1, metadata: [String: String] = ["id": "7"], failoverURLs: [String] = [],
    kind: StreamKind = .direct
  ) -> StreamRegistration {
    StreamRegistration(
      id: stream(number), sourceURL: "http://h/live/\(number).ts", failoverURLs: failoverURLs, userAgent: "VLC",
      headers: ["X-Key": "k"], metadata: metadata, kind: kind, settings: ["strict_live_ts": "True"])
  }

  /// `connection` nil: an HLS request.
  static func join(_ stream: UInt8 = 1, _ name: String = "c1", connection: UInt64?) -> ClientJoin {
    ClientJoin(
      stream: self.stream(stream), client: client(name), connection: connection.map { ConnectionID($0) },
      address: "203.0.113.7", userAgent: "VLC/3.0.20", username: "u", format: connection == nil ? .hls : .ts)
  }

  static func leave(
    _ stream: UInt8 = 1, _ name: String = "c1", connection: UInt64?, reason: DisconnectReason = .clientDisconnected,
    bytes: UInt64 = 0, segments: UInt64 = 0
  ) -> ClientLeave {
    ClientLeave(
      connection: connection.map { ConnectionID($0) }, reason: reason,
      traffic: ClientTraffic(stream: self.stream(stream), client: client(name), bytes: bytes, segments: segments))
  }

  static func reference(_ stream: UInt8 = 1, _ name: String = "c1") -> ClientReference {
    ClientReference(stream: self.stream(stream), client: client(name))
  }
}

extension ClaimResult {
  var claim: Claim? {
    switch self {
    case .claimed(let claim): claim
    case .owned, .unknown: nil
    }
  }
}

extension RegisterResult {
  var record: StreamRecord? {
    switch self {
    case .registered(let record, _): record
    case .full: nil
    }
  }

  var isReused: Bool? {
    switch self {
    case .registered(_, let reused): reused
    case .full: nil
    }
  }
}

extension EventContent {
  var stopped: StreamStopped? {
    switch self {
    case .streamStopped(let stopped): stopped
    case .streamStarted, .clientConnected, .clientDisconnected, .takeover, .owner: nil
    }
  }
}
