/// Where the server listens and what a client may ask of it (api.md §1.8).
package struct HTTPServerConfiguration: Sendable {
  /// An address or a name; `::` is both IPv6 and IPv4.
  package var host: String
  /// 0 takes a free one.
  package var port: Int
  /// Request line and header fields together, with their line ends.
  package var maxHeaderBytes = 32_768
  package var maxBodyBytes = 1_048_576
  /// From the accept, or from the first byte of a later request, to the end of the head. Then the connection closes.
  package var headerTimeout = Duration.seconds(10)
  /// From the end of the head to the end of the body; of a streamed body for each 64 KiB. Then 408.
  package var bodyTimeout = Duration.seconds(30)
  /// Between two requests of a connection.
  package var idleTimeout = Duration.seconds(60)
  /// Without a byte of the response written.
  package var writeTimeout = Duration.seconds(60)
  /// Over all loops, sockets given away included; 0 = no limit.
  package var maxConnections = 0
  package var maxConnectionsPerIP = 0

  package init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// How often deadlines are looked at: a quarter of the shortest, 10 to 500 ms.
  var sweepInterval: Duration {
    let shortest = min(headerTimeout, bodyTimeout, idleTimeout, writeTimeout)
    return min(max(shortest / 4, .milliseconds(10)), .milliseconds(500))
  }
}
