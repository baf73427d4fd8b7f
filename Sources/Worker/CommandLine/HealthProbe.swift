/// Asks a worker of this machine whether it lives, with a plain socket: the check of a container must not need a client.
struct HealthProbe {
  /// As in the configuration; the wildcard addresses mean loopback.
  let host: String
  let port: UInt16
  /// For everything together.
  var limit: Duration = .seconds(2)

  typealias Failure = PlainConnection.Failure

  /// Returns when `GET /livez` is answered with 200 in time.
  func check() throws(Failure) {
    let connection = try PlainConnection(host: host, port: port, within: limit)
    try connection.send(Array("GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".utf8))
    var line: [UInt8] = []
    while !line.contains(UInt8(ascii: "\r")), line.count < 4096 {
      let bytes = try connection.receive()
      if bytes.isEmpty { break }
      line += bytes
    }
    let text = String(decoding: line.prefix { $0 != UInt8(ascii: "\r") }, as: UTF8.self)
    let words = text.split(separator: " ")
    guard words.count >= 2, words[0].hasPrefix("HTTP/1."), words[1] == "200" else {
      throw Failure(message: "\(host):\(port) answered '\(text.prefix(80))'")
    }
  }
}
