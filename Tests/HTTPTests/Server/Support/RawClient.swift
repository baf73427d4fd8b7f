import Glibc

/// A blocking client over a plain socket: it sends exactly what a test wants sent. Every wait ends after 10 s.
final class RawClient {
  enum Failure: Error, Equatable { case connect(Int32), timeout, reset, ended(partial: String), malformed(String) }

  private(set) var descriptor: Int32
  private var buffer: [UInt8] = []

  init(port: Int, host: String = "127.0.0.1", receiveBuffer: Int32? = nil) throws {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    hints.ai_flags = AI_NUMERICHOST
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, String(port), &hints, &found) == 0, let found else { throw Failure.connect(EINVAL) }
    defer { freeaddrinfo(found) }
    descriptor = socket(found.pointee.ai_family, found.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
    var timeout = timeval(tv_sec: 10, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }
    if var receiveBuffer {
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
    }
    guard connect(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0 else {
      let code = errno
      close()
      throw Failure.connect(code)
    }
  }

  deinit { close() }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var sent = 0
    while sent < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw errno == EAGAIN ? Failure.timeout : Failure.reset }
      sent += count
    }
  }

  func get(_ target: String) throws { try request("GET", target) }

  /// With a Host.
  func request(_ method: String, _ target: String, _ fields: [String] = [], body: String = "") throws {
    let lines = ["\(method) \(target) HTTP/1.1", "Host: test"] + fields
    try send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body)
  }

  /// False at the end of the stream.
  private func fill() throws -> Bool {
    var piece = [UInt8](repeating: 0, count: 65_536)
    let count = piece.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
    if count < 0 { throw errno == EAGAIN ? Failure.timeout : Failure.reset }
    buffer += piece[..<count]
    return count > 0
  }

  func read(_ count: Int) throws -> [UInt8] {
    while buffer.count < count {
      guard try fill() else { throw Failure.ended(partial: String(decoding: buffer, as: UTF8.self)) }
    }
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }

  func readLine() throws -> String {
    while true {
      if let end = buffer.firstIndex(of: 0x0A) {
        let line = try read(end + 1).dropLast()
        return String(decoding: line.last == 0x0D ? line.dropLast() : line, as: UTF8.self)
      }
      guard try fill() else { throw Failure.ended(partial: String(decoding: buffer, as: UTF8.self)) }
    }
  }

  /// Until the server has closed.
  func readToEnd() throws -> [UInt8] {
    while try fill() {}
    defer { buffer = [] }
    return buffer
  }

  /// Whether the server has closed without another byte.
  func isAtEnd() throws -> Bool { try buffer.isEmpty && !fill() }

  func readHead() throws -> RawResponse {
    let line = try readLine()
    let words = line.split(separator: " ", maxSplits: 2)
    guard words.count >= 2, words[0] == "HTTP/1.1", let status = Int(words[1]) else { throw Failure.malformed(line) }
    var response = RawResponse(status: status)
    while true {
      let line = try readLine()
      if line.isEmpty { return response }
      guard let colon = line.firstIndex(of: ":") else { throw Failure.malformed(line) }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      response.fields.append((line[..<colon].lowercased(), String(value)))
    }
  }

  func readResponse(toHead isHead: Bool = false) throws -> RawResponse {
    var response = try readHead()
    if isHead || response.status == 204 || response.status == 304 || response.status < 200 { return response }
    if response["transfer-encoding"] == "chunked" {
      while let chunk = try readChunk() { response.body += chunk }
    } else if let length = response["content-length"].flatMap(Int.init) {
      response.body = try read(length)
    } else {
      response.body = try readToEnd()
    }
    return response
  }

  /// Nil: the last chunk.
  func readChunk() throws -> [UInt8]? {
    let line = try readLine()
    guard let size = Int(line, radix: 16) else { throw Failure.malformed(line) }
    let chunk = try read(size)
    guard try readLine().isEmpty else { throw Failure.malformed("no line end behind a chunk") }
    return size == 0 ? nil : chunk
  }

  func shutdownWrite() { shutdown(descriptor, Int32(SHUT_WR)) }

  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }
}

struct RawResponse {
  let status: Int
  /// Names in lower case.
  var fields: [(name: String, value: String)] = []
  var body: [UInt8] = []

  var text: String { String(decoding: body, as: UTF8.self) }

  subscript(name: String) -> String? { fields.first { $0.name == name }?.value }
}
