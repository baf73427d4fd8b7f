internal import Foundation
internal import Glibc

/// One HTTP/1.1 connection to 127.0.0.1 on a bare socket, under the test's full control. Every operation has a time
/// limit and blocks a thread of its own, so that hundreds can wait at once. One operation at a time.
// Safe: `buffer`, `decoder` and `isClosed` are used under `lock`; the descriptor does not change.
package final class RawHTTPClient: @unchecked Sendable {
  private let lock = NSLock()
  private let descriptor: Int32
  private var buffer: [UInt8] = []
  private var decoder: HTTPBodyDecoder?
  private var isClosed = false

  package enum Failure: Error, Equatable, CustomStringConvertible {
    case timeout(String)
    /// The peer closed where more had to come.
    case ended(String)
    case malformed(String)

    package var description: String {
      switch self {
      case .timeout(let what): "timed out: \(what)"
      case .ended(let what): "the peer closed: \(what)"
      case .malformed(let what): "malformed: \(what)"
      }
    }
  }

  /// Connects. `receiveBuffer` (bytes): SO_RCVBUF, small for a slow reader. Throws `SocketError`.
  package static func connect(
    port: Int, receiveBuffer: Int32? = nil, within limit: Duration = .seconds(5)
  ) async throws -> RawHTTPClient {
    try await onOwnThread {
      RawHTTPClient(try Socket.connect(port: port, receiveBuffer: receiveBuffer, deadline: Deadline(after: limit)))
    }
  }

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close() }

  /// Closes in order. Harmless when closed.
  package func close() { close(withReset: false) }

  /// Closes with a reset, as a player that crashes.
  package func abort() { close(withReset: true) }

  private func close(withReset: Bool) {
    lock.lock()
    defer { lock.unlock() }
    guard !isClosed else { return }
    isClosed = true
    if withReset { Socket.resetOnClose(descriptor) }
    Glibc.close(descriptor)
  }

  /// Sends bytes as they are.
  package func send(_ bytes: [UInt8], within limit: Duration = .seconds(5)) async throws {
    try await onOwnThread { [self] in try locked { try sendAll(bytes, Deadline(after: limit)) } }
  }

  /// Sends text as it is; line ends are the caller's.
  package func send(_ text: String, within limit: Duration = .seconds(5)) async throws {
    try await send(Array(text.utf8), within: limit)
  }

  /// Sends a request with `Host`, the given fields and, for a body, its length.
  package func sendRequest(
    _ method: String = "GET", _ target: String, headers: [String: String] = [:], body: [UInt8] = []
  ) async throws {
    var text = "\(method) \(target) HTTP/1.1\r\n"
    var fields = headers
    fields["Host"] = fields["Host"] ?? "127.0.0.1"
    if !body.isEmpty { fields["Content-Length"] = String(body.count) }
    for (name, value) in fields.sorted(by: { $0.key < $1.key }) { text += "\(name): \(value)\r\n" }
    try await send(Array((text + "\r\n").utf8) + body)
  }

  /// Reads the head of a response and prepares for its body. `isHead`: the answer to a HEAD request.
  package func readHead(isHead: Bool = false, within limit: Duration = .seconds(10)) async throws -> HTTPHead {
    try await onOwnThread { [self] in
      try locked {
        let deadline = Deadline(after: limit)
        while true {
          if let end = HTTPHead.end(in: buffer) {
            let head = try HTTPHead(Array(buffer[..<end]))
            buffer.removeFirst(end)
            decoder = try HTTPBodyDecoder(head: head, isHead: isHead)
            return head
          }
          guard let bytes = try receive(65536, deadline) else { throw Failure.timeout("the head") }
          guard !bytes.isEmpty else { throw Failure.ended("before the end of the head") }
          buffer += bytes
        }
      }
    }
  }

  /// Reads the next piece of the body, whatever its size; empty at its end. Throws `Failure.ended` if it is cut.
  package func readBody(within limit: Duration = .seconds(10)) async throws -> [UInt8] {
    try await onOwnThread { [self] in
      guard let piece = try bodyPiece(65536, Deadline(after: limit)) else { throw Failure.timeout("the body") }
      return piece
    }
  }

  /// Reads the rest of the body.
  package func readWholeBody(within limit: Duration = .seconds(30)) async throws -> [UInt8] {
    try await onOwnThread { [self] in
      let deadline = Deadline(after: limit)
      var body: [UInt8] = []
      while true {
        guard let piece = try bodyPiece(65536, deadline) else {
          throw Failure.timeout("the body, after \(body.count) bytes")
        }
        guard !piece.isEmpty else { return body }
        body += piece
      }
    }
  }

  /// Whether the peer closes within the limit; what it sends before is thrown away.
  package func isClosedByPeer(within limit: Duration = .seconds(5)) async throws -> Bool {
    try await onOwnThread { [self] in
      try locked {
        let deadline = Deadline(after: limit)
        do {
          while let bytes = try receive(65536, deadline) { if bytes.isEmpty { return true } }
          return false
        } catch is SocketError {
          return true
        }
      }
    }
  }

  /// One piece of the body: nil when the deadline passes, empty at the end.
  func bodyPiece(_ limit: Int, _ deadline: Deadline) throws -> [UInt8]? {
    try locked {
      guard var decoder else { throw Failure.malformed("no head was read") }
      defer { self.decoder = decoder }
      var body: [UInt8] = []
      while true {
        try decoder.decode(buffer[...], into: &body)
        buffer.removeAll(keepingCapacity: true)
        if !body.isEmpty || decoder.isComplete { return body }
        guard let bytes = try receive(limit, deadline) else { return nil }
        guard !bytes.isEmpty else {
          if decoder.isWholeAtClose { return [] }
          throw Failure.ended("in the body")
        }
        buffer = bytes
      }
    }
  }

  private func locked<Value>(_ work: () throws -> Value) throws -> Value {
    lock.lock()
    defer { lock.unlock() }
    guard !isClosed else { throw SocketError(call: "use of a closed connection", code: EBADF) }
    return try work()
  }

  private func sendAll(_ bytes: [UInt8], _ deadline: Deadline) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = try Socket.send(descriptor, rest)
      rest = rest.dropFirst(count)
      if count == 0, !Socket.wait(descriptor, for: POLLOUT, deadline.milliseconds()) {
        throw Failure.timeout("sending, with \(rest.count) bytes left")
      }
    }
  }

  /// Nil when the deadline passes.
  private func receive(_ limit: Int, _ deadline: Deadline) throws -> [UInt8]? {
    while Socket.wait(descriptor, for: POLLIN, deadline.milliseconds()) {
      if let bytes = try Socket.receive(descriptor, atMost: limit) { return bytes }
    }
    return nil
  }
}
