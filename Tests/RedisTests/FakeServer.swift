import Glibc
import Synchronization
import TestKit

/// A server that does what a test tells it, on threads of its own. It goes with the fixture.
final class FakeServer: Sendable {
  typealias Script = @Sendable (FakeConnection) throws -> Void

  private let listener: Int32
  private let isStopped = Atomic<Bool>(false)
  private let accepted = Atomic<Int>(0)
  let port: UInt16

  /// Each connection is given to `script`, and closed when that ends.
  init(_ fixture: Fixture, _ script: @escaping Script) throws {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    port = withUnsafeMutablePointer(to: &address) { [listener] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, length)
        getsockname(listener, $0, &length)
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
    listen(listener, 100)
    let accepting = Task { try await onOwnThread { self.accept(script) } }
    fixture.addTeardown {
      self.isStopped.store(true, ordering: .releasing)
      shutdown(self.listener, Int32(SHUT_RDWR))
      try await accepting.value
      close(self.listener)
    }
  }

  /// Connections so far.
  var connectionCount: Int { accepted.load(ordering: .acquiring) }

  private func accept(_ script: @escaping Script) {
    while true {
      let descriptor = Glibc.accept(listener, nil, nil)
      if isStopped.load(ordering: .acquiring) || descriptor < 0 {
        if descriptor >= 0 { close(descriptor) }
        return
      }
      accepted.add(1, ordering: .acquiringAndReleasing)
      Task {
        try? await onOwnThread {
          defer { close(descriptor) }
          try script(FakeConnection(descriptor))
        }
      }
    }
  }
}

/// One connection, read and written blockingly; every wait ends after 10 s.
final class FakeConnection {
  struct Ended: Error {}

  private let descriptor: Int32
  private var buffer: [UInt8] = []

  init(_ descriptor: Int32) {
    self.descriptor = descriptor
    var timeout = timeval(tv_sec: 10, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
    }
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
  }

  /// Answers what a connection without password and database begins with, as a master.
  func greet() throws {
    while let command = try? readCommand() {
      switch command.prefix(2) {
      case ["ROLE"]: try send("*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n")
      case ["CLIENT", "SETNAME"]: try send("+OK\r\n")
      case ["CLIENT", "ID"]: try send(":7\r\n")
      case ["INFO", "server"]:
        try send("$14\r\nrun_id:abcdef\n\r\n")
        return
      default: throw Ended()
      }
    }
    throw Ended()
  }

  /// Answers as a sentinel: the master is at `port`.
  func tellMaster(port: UInt16) throws {
    _ = try readCommand()
    try send("*2\r\n$9\r\n127.0.0.1\r\n$\(String(port).utf8.count)\r\n\(port)\r\n")
    _ = try readCommand()
    try send("*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n")
  }

  /// Tells, as a sentinel, that the master is at `port` now.
  func tellSwitch(_ name: String, port: UInt16) throws {
    let text = "\(name) 127.0.0.1 1 127.0.0.1 \(port)"
    try send("*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$\(text.utf8.count)\r\n\(text)\r\n")
  }

  func readCommand() throws -> [String] {
    let count = try readNumber("*")
    return try (0..<count).map { _ in
      let length = try readNumber("$")
      let bytes = try read(length + 2)
      return String(decoding: bytes.dropLast(2), as: UTF8.self)
    }
  }

  private func readNumber(_ type: Unicode.Scalar) throws -> Int {
    var line: [UInt8] = []
    while line.last != 0x0A { line += try read(1) }
    guard line.first == UInt8(ascii: type),
      let number = Int(String(decoding: line.dropFirst().dropLast(2), as: UTF8.self))
    else { throw Ended() }
    return number
  }

  private func read(_ count: Int) throws -> ArraySlice<UInt8> {
    while buffer.count < count {
      var piece = [UInt8](repeating: 0, count: 65_536)
      let got = recv(descriptor, &piece, piece.count, 0)
      guard got > 0 else { throw Ended() }
      buffer += piece[..<got]
    }
    defer { buffer.removeFirst(count) }
    return buffer[..<count]
  }

  /// Until the client has closed the connection.
  func waitForEnd() {
    var byte: UInt8 = 0
    while recv(descriptor, &byte, 1, 0) > 0 {}
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { throw Ended() }
      rest = rest.dropFirst(count)
    }
  }
}
