internal import Foundation
internal import Glibc

/// One connection of a `SourceServer`, on its own thread.
final class SourceConnection {
  private let server: SourceServer
  private let descriptor: Int32
  private let number: Int
  private var path: String?

  /// The connection is over: the peer has gone, or the server's commands end it.
  private struct Over: Error {
    var withReset = false
  }

  init(server: SourceServer, descriptor: Int32, number: Int) {
    self.server = server
    self.descriptor = descriptor
    self.number = number
  }

  func serve() {
    do {
      let request = try readRequest()
      path = request.path
      try answer(request, server.begin(request, number: number))
    } catch {
      if (error as? Over)?.withReset == true { Socket.resetOnClose(descriptor) }
    }
    close(descriptor)
    if let path { server.end(path, number: number) }
  }

  private func readRequest() throws -> SourceRequest {
    var bytes: [UInt8] = []
    while true {
      if let end = HTTPHead.end(in: bytes) {
        return SourceRequest(head: try HTTPHead(Array(bytes[..<end])), received: .now)
      }
      if let more = try Socket.receive(descriptor, atMost: 8192) {
        guard !more.isEmpty else { throw Over() }
        bytes += more
      } else if server.command(nil, number: number) == .reset {
        throw Over(withReset: true)
      } else {
        _ = Socket.wait(descriptor, for: POLLIN, 20)
      }
    }
  }

  private func answer(_ request: SourceRequest, _ behaviour: SourceBehaviour) throws {
    switch behaviour {
    case .live(let joinsAnywhere, let hasOwnPackets):
      try live(request, joinsAnywhere: joinsAnywhere, hasOwnPackets: hasOwnPackets)
    case .liveThenClose(let count): try live(request, atMost: count)
    case .liveThenStall(let count):
      try live(request, atMost: count)
      while true { try rest(20) }
    case .slow(let rate): try slow(request, bytesPerSecond: rate)
    case .garbage: try garbage(request)
    case .page:
      let page =
        "<!DOCTYPE html><html><body>" + String(repeating: "<p>Please log in.</p>", count: 500) + "</body></html>"
      try whole(request, "200 OK", "text/html; charset=utf-8", Array(page.utf8))
    case .status(let code): try whole(request, "\(code) Because", "text/plain", Array("status \(code)\n".utf8))
    case .silent: while true { try rest(20) }
    case .drip(let milliseconds):
      for byte in mediaHead() {
        try send([byte])
        try rest(Int32(milliseconds))
      }
      try live(request, sendsHead: false)
    case .redirect(let target): try send(head("302 Found", ["Location: \(target)", "Content-Length: 0"]))
    case .file(let cut): try content(request, "video/mp2t", server.file, cutAfter: cut)
    case .content(let type, let bytes): try content(request, type, bytes)
    case .refuse: throw Over(withReset: true)
    }
  }

  // MARK: Bodies

  private func live(
    _ request: SourceRequest, joinsAnywhere: Bool = false, hasOwnPackets: Bool = false, atMost limit: Int = .max,
    sendsHead: Bool = true
  ) throws {
    guard let feed = server.feed else { return try whole(request, "503 No Live Media", "text/plain", []) }
    if sendsHead { try send(mediaHead()) }
    guard request.method != "HEAD" else { return }
    var offset = joinsAnywhere ? feed.end : feed.lastKeyFrame ?? feed.end
    var sent = 0
    while sent < limit {
      try rest(20)
      var part = feed.read(from: &offset).prefix(limit - sent)
      if hasOwnPackets, number % 2 == 0 { Self.setPriority(&part) }
      try body(part)
      sent += part.count
    }
  }

  /// transport_priority of each packet, of which no decoder takes notice.
  private static func setPriority(_ packets: inout ArraySlice<UInt8>) {
    for at in stride(from: packets.startIndex + 1, to: packets.endIndex, by: 188) { packets[at] |= 0x20 }
  }

  private func slow(_ request: SourceRequest, bytesPerSecond: Int) throws {
    guard !server.file.isEmpty else { return try whole(request, "503 No File", "text/plain", []) }
    try send(mediaHead())
    try paced(bytesPerSecond: bytesPerSecond) { sent in server.file[(sent % server.file.count)...] }
  }

  private func garbage(_ request: SourceRequest) throws {
    try send(mediaHead())
    var seed: UInt64 = 0x9E37_79B9_7F4A_7C15
    let noise = (0..<65536).map { _ in
      seed ^= seed << 13
      seed ^= seed >> 7
      seed ^= seed << 17
      return UInt8(truncatingIfNeeded: seed >> 32)
    }
    try paced(bytesPerSecond: 500_000) { sent in noise[(sent % noise.count)...] }
  }

  /// Sends for ever what `source` gives for a number of bytes sent, as much as is due.
  private func paced(bytesPerSecond: Int, _ source: (Int) -> ArraySlice<UInt8>) throws {
    let begun = ContinuousClock.now
    var sent = 0
    while true {
      try rest(20)
      let due = Int(begun.duration(to: .now).inSeconds * Double(bytesPerSecond)) - sent
      guard due > 0 else { continue }
      let part = source(sent).prefix(due)
      try body(part)
      sent += part.count
    }
  }

  private func content(_ request: SourceRequest, _ type: String, _ content: [UInt8], cutAfter cut: Int? = nil) throws {
    var fields = ["Content-Type: \(type)", "Accept-Ranges: bytes", "ETag: \"\(content.count)\""]
    fields.append("Last-Modified: Sat, 22 Nov 2025 10:00:00 GMT")
    var range = 0..<content.count
    var status = "200 OK"
    if let asked = request["Range"] {
      guard let part = Self.range(asked, of: content.count) else {
        return try send(
          head("416 Range Not Satisfiable", ["Content-Range: bytes */\(content.count)", "Content-Length: 0"]))
      }
      range = part
      status = "206 Partial Content"
      fields.append("Content-Range: bytes \(part.lowerBound)-\(part.upperBound - 1)/\(content.count)")
    }
    try send(head(status, fields + ["Content-Length: \(range.count)"]))
    guard request.method != "HEAD" else { return }
    try body(content[range].prefix(cut ?? .max))
  }

  /// One range of `bytes=a-b`, `bytes=a-` or `bytes=-n` (RFC 9110 §14.1.2); nil if nothing of it is there.
  private static func range(_ text: String, of count: Int) -> Range<Int>? {
    let parts = text.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard text.hasPrefix("bytes="), parts.count == 2 else { return nil }
    switch (parts[0], parts[1]) {
    case (let first?, let last?): return first < count && first <= last ? first..<min(last + 1, count) : nil
    case (let first?, nil): return first < count ? first..<count : nil
    case (nil, let suffix?): return suffix > 0 && count > 0 ? max(0, count - suffix)..<count : nil
    case (nil, nil): return nil
    }
  }

  private func whole(_ request: SourceRequest, _ status: String, _ type: String, _ content: [UInt8]) throws {
    try send(head(status, ["Content-Type: \(type)", "Content-Length: \(content.count)"]))
    if request.method != "HEAD" { try body(content[...]) }
  }

  // MARK: Sending

  private func mediaHead() -> [UInt8] { head("200 OK", ["Content-Type: video/mp2t"]) }

  private func head(_ status: String, _ fields: [String]) -> [UInt8] {
    Array((["HTTP/1.1 \(status)", "Connection: close"] + fields + ["", ""]).joined(separator: "\r\n").utf8)
  }

  private func body(_ bytes: ArraySlice<UInt8>) throws {
    try send(bytes)
    if let path { server.sent(bytes.count, path) }
  }

  private func send(_ bytes: [UInt8]) throws { try send(bytes[...]) }

  private func send(_ bytes: ArraySlice<UInt8>) throws {
    var rest = bytes
    while !rest.isEmpty {
      try self.rest(0)
      let count = try Socket.send(descriptor, rest)
      rest = rest.dropFirst(count)
      if count == 0 { _ = Socket.wait(descriptor, for: POLLOUT, 20) }
    }
  }

  /// Waits, and for as long as the path is stalled; throws when the connection is over.
  private func rest(_ milliseconds: Int32) throws {
    var wait = milliseconds
    while true {
      if Socket.hasEnded(descriptor, within: wait) { throw Over() }
      switch server.command(path, number: number) {
      case .proceed: return
      case .stall: wait = 20
      case .close: throw Over()
      case .reset: throw Over(withReset: true)
      }
    }
  }
}
