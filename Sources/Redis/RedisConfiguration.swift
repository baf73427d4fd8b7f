/// How to reach a Redis, and how patient to be with it.
package struct RedisConfiguration: Sendable {
  package var target: RedisTarget
  /// Nil: the user `default`.
  package var username: String?
  /// Nil: no AUTH.
  package var password: String?
  /// Tried, with a warning, when there is no `password` and the server demands one.
  package var fallbackPassword: String?
  package var database = 0
  /// Nil: in the clear.
  package var tls: RedisTLS?
  /// What the connections are called in CLIENT LIST, before `:<role>`: `millrace:<worker>`.
  package var clientName = "millrace"
  /// From the name's lookup to a connection that takes commands.
  package var connectTimeout = Duration.seconds(5)
  /// For commands that have no timeout of their own.
  package var commandTimeout = Duration.seconds(5)
  /// After so much silence while nothing is in flight a PING asks whether the server is there.
  package var keepAlive = Duration.seconds(10)
  /// A connection on which a command has timed out and nothing came for so long is given up.
  package var silenceLimit = Duration.seconds(10)
  /// The first wait before a new try, about; it doubles with each failure.
  package var minBackoff = Duration.milliseconds(100)
  package var maxBackoff = Duration.seconds(5)

  package init(_ target: RedisTarget) { self.target = target }
}

/// Where a Redis is.
package enum RedisTarget: Hashable, Sendable {
  case tcp(RedisNode)
  /// Always in the clear.
  case unix(path: String)
  case sentinel(RedisSentinels)

  /// For people; no secret is in it.
  package var description: String {
    switch self {
    case .tcp(let node): node.description
    case .unix(let path): path
    case .sentinel(let sentinels): "master \(sentinels.masterName)"
    }
  }
}

/// Who knows where the master is.
package struct RedisSentinels: Hashable, Sendable {
  /// Asked in turn; at least one.
  package var nodes: [RedisNode]
  package var masterName: String
  /// Of the sentinels, not of the master.
  package var username: String?
  package var password: String?
  /// Whether the sentinels speak TLS, as the master does, when `RedisConfiguration.tls` is set.
  package var usesTLS = true

  package init(nodes: [RedisNode], masterName: String) {
    self.nodes = nodes
    self.masterName = masterName
  }
}

/// A host and its port.
package struct RedisNode: Hashable, Sendable, CustomStringConvertible {
  /// A name or an address; an IPv6 one without brackets.
  package let host: String
  package let port: UInt16

  package init(host: String, port: UInt16) {
    self.host = host
    self.port = port
  }

  package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// TLS to the server; 1.2 at least.
package struct RedisTLS: Hashable, Sendable {
  /// Path of a PEM file; nil: the system's authorities.
  package var authorities: String?
  /// Paths of PEM files, both or none: what this side shows to the server.
  package var certificate: String?
  package var key: String?
  /// The name that the server's certificate must have; nil: the host of the target.
  package var serverName: String?
  /// Off: whoever answers is believed.
  package var verifies = true

  package init() {}
}
