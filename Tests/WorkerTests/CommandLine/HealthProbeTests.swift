import Glibc
import Synchronization
import Testing

@testable import Worker

@Suite(.timeLimit(.minutes(1))) struct HealthProbeTests {
  /// A loopback listener that gives each connection the same answer, from a thread of its own.
  private final class Listener: Sendable {
    let port: UInt16
    private let descriptor: Int32
    private let request = Mutex("")

    var lastRequest: String { request.withLock { $0 } }

    /// `answer` nil: accepts nothing, so that connections only wait in the queue. `listens` false: the port is only kept.
    init(answer: String?, listens: Bool = true) throws {
      descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      let descriptor = descriptor
      withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
          _ = bind(descriptor, address, length)
          if listens { _ = listen(descriptor, 16) }
          _ = getsockname(descriptor, address, &length)
        }
      }
      port = UInt16(bigEndian: address.sin_port)
      guard let answer else { return }
      let context = Unmanaged.passRetained(Server(descriptor: descriptor, answer: answer, listener: self))
      var thread = pthread_t()
      pthread_create(
        &thread, nil,
        { context in
          guard let context else { return nil }
          Unmanaged<Server>.fromOpaque(context).takeRetainedValue().serveOne()
          return nil
        }, context.toOpaque())
      pthread_detach(thread)
    }

    fileprivate func note(_ text: String) { request.withLock { $0 = text } }

    deinit { close(descriptor) }
  }

  private final class Server {
    let descriptor: Int32
    let answer: String
    let listener: Listener

    init(descriptor: Int32, answer: String, listener: Listener) {
      self.descriptor = descriptor
      self.answer = answer
      self.listener = listener
    }

    func serveOne() {
      let connection = accept(descriptor, nil, nil)
      var buffer = [UInt8](repeating: 0, count: 4096)
      let count = recv(connection, &buffer, buffer.count, 0)
      listener.note(String(decoding: buffer[..<max(0, count)], as: UTF8.self))
      _ = Array(answer.utf8).withUnsafeBytes { send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      close(connection)
    }
  }

  @Test func aLivingWorkerIsHealthy() throws {
    let listener = try Listener(answer: "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{\"status\":\"ok\"}")
    try HealthProbe(host: "0.0.0.0", port: listener.port).check()
    #expect(listener.lastRequest.hasPrefix("GET /livez HTTP/1.1\r\nHost: "))
  }

  @Test(arguments: ["HTTP/1.1 503 Service Unavailable\r\n\r\n", "SSH-2.0-OpenSSH\r\n", "", "HTTP/1.1 2000 x\r\n"])
  func anyOtherAnswerIsNot(answer: String) throws {
    let listener = try Listener(answer: answer)
    #expect(throws: HealthProbe.Failure.self) { try HealthProbe(host: "127.0.0.1", port: listener.port).check() }
  }

  @Test func silenceEndsAtTheLimit() throws {
    let listener = try Listener(answer: nil)
    let start = ContinuousClock.now
    let failure = #expect(throws: HealthProbe.Failure.self) {
      try HealthProbe(host: "127.0.0.1", port: listener.port, limit: .milliseconds(200)).check()
    }
    #expect(failure?.message.contains("did not answer within 0.2 s") == true)
    #expect(ContinuousClock.now - start >= .milliseconds(200))
  }

  @Test func nobodyThereIsNotHealthy() throws {
    let listener = try Listener(answer: nil, listens: false)
    let failure = #expect(throws: HealthProbe.Failure.self) {
      try HealthProbe(host: "127.0.0.1", port: listener.port).check()
    }
    #expect(failure?.message.contains("Connection refused") == true)
  }

  @Test func theCommandsStatusIs0Or1() async throws {
    let runner = CommandRunner(directory: "/nonexistent", write: { _ in }, writeError: { _ in }, serve: { _ in 7 })
    let listener = try Listener(answer: "HTTP/1.1 200 OK\r\n\r\n")
    #expect(await runner.run(arguments: ["healthcheck", "--port=\(listener.port)"], environment: [:]) == 0)
    let unhealthy = try Listener(answer: "HTTP/1.1 500 Oops\r\n\r\n")
    #expect(await runner.run(arguments: ["healthcheck"], environment: ["PORT": "\(unhealthy.port)"]) == 1)
    #expect(await runner.run(arguments: ["healthcheck", "--port=0"], environment: [:]) == 1)
    #expect(await runner.run(arguments: ["healthcheck"], environment: ["PORT": "x"]) == 1)
  }
}
