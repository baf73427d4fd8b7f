internal import FrameEncoding
internal import Glibc

/// What `millrace-encoder` does: takes requests from the socket that it was given as its standard input, one at a time,
/// and answers each, until the other end closes it.
///
/// ```
///   worker ──[length][request]──▶ descriptor 0 ──▶ JobRunner ──▶ [length][answer] ──▶ worker
/// ```
package struct EncoderProcess {
  private static let socket: Int32 = 0
  private static let addressSpaceBytes: UInt64 = 1 << 30

  private let runner: JobRunner
  private var framer = MessageFramer()

  /// Answers the exit status: 0 at the end of the requests, 1 if the socket is none or
  /// carries something else.
  package static func run() -> Int32 {
    // A worker that is gone ends this by the parent-death signal; until then a write just fails.
    signal(SIGPIPE, SIG_IGN)
    limitAddressSpace()
    let fault = EncoderFault()
    var process = EncoderProcess(runner: JobRunner { fault?.strike($0) })
    return process.serve()
  }

  private init(runner: JobRunner) { self.runner = runner }

  private mutating func serve() -> Int32 {
    var buffer = [UInt8](repeating: 0, count: 64 * 1024)
    while true {
      let count = read(Self.socket, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return count == 0 ? 0 : Self.failed("its socket: \(String(cString: strerror(errno)))") }
      buffer.withUnsafeBytes { framer.push(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
      do throws(WireError) {
        while let message = try framer.next() {
          let answer = runner.run(try EncoderRequest(wire: message))
          guard Self.send(answer) else { return 0 }
        }
      } catch {
        return Self.failed("\(error)")
      }
    }
  }

  /// False if nobody reads any more.
  private static func send(_ answer: EncoderAnswer) -> Bool {
    let tooLong = EncoderAnswer.failure(EncodeFailure(.request, "the answer is too long"))
    guard let bytes = MessageFramer.frame(answer.wire) ?? MessageFramer.frame(tooLong.wire) else { return false }
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes { write(socket, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private static func failed(_ text: String) -> Int32 {
    let line = "millrace-encoder is started by a worker, not by people: \(text)\n"
    _ = line.withCString { write(2, $0, strlen($0)) }
    return 1
  }

  /// Unless the process has mapped more already: a sanitizer's build reserves terabytes.
  private static func limitAddressSpace() {
    var limit = rlimit()
    let resource = __rlimit_resource_t(RLIMIT_AS.rawValue)
    guard mappedBytes() < addressSpaceBytes, getrlimit(resource, &limit) == 0 else { return }
    limit.rlim_max = min(limit.rlim_max, rlim_t(addressSpaceBytes))
    limit.rlim_cur = limit.rlim_max
    setrlimit(resource, &limit)
  }

  /// The first number of /proc/self/statm.
  private static func mappedBytes() -> UInt64 {
    guard let file = fopen("/proc/self/statm", "re") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    return UInt64(strtoul(line, nil, 10)) * UInt64(sysconf(Int32(_SC_PAGESIZE)))
  }
}
