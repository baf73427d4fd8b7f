import Foundation
import Glibc

/// A live source: MPEG-TS of one bit rate over HTTP to everybody who connects, paced by the clock.
struct SourceRole {
  private let bitsPerSecond: Int
  private let seconds = 20

  init(_ options: BenchOptions) { bitsPerSecond = options.number("rate", 8_000_000) }

  func run() throws {
    signal(SIGPIPE, SIG_IGN)
    let media = try picture()
    let (listener, port) = try LoopbackSocket.listen()
    LoopbackSocket.announce(port)
    while true {
      let client = accept(listener, nil, nil)
      guard client >= 0 else { continue }
      let thread = Thread { serve(client, media) }
      thread.start()
    }
  }

  private func serve(_ client: Int32, _ media: [UInt8]) {
    defer { close(client) }
    var request = [UInt8](repeating: 0, count: 4096)
    guard read(client, &request, request.count) > 0 else { return }
    guard LoopbackSocket.writeAll(client, Array("HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\n\r\n".utf8)[...]) else {
      return
    }
    let start = ContinuousClock.now
    let bytesPerSecond = media.count / seconds
    var sent = 0
    while true {
      let due = min(
        Int(start.duration(to: .now) / .milliseconds(1)) * bytesPerSecond / 1000 / 188 * 188, sent + (1 << 20))
      while sent < due {
        let offset = sent % media.count
        let size = min(due - sent, media.count - offset)
        guard LoopbackSocket.writeAll(client, media[offset..<offset + size]) else { return }
        sent += size
      }
      usleep(10_000)
    }
  }

  /// Twenty seconds of MPEG-2 noise with a key frame each second, made once a run.
  private func picture() throws -> [UInt8] {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("millrace-bench-\(getpid()).ts")
    defer { try? FileManager.default.removeItem(at: file) }
    let rate = "\(bitsPerSecond * 95 / 100)"
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments =
      ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=640x360:rate=25,noise=alls=60:allf=t"]
      + [
        "-t", "\(seconds)", "-c:v", "mpeg2video", "-g", "25", "-bf", "0", "-b:v", rate, "-minrate", rate, "-maxrate",
        rate,
      ]
      + ["-bufsize", "2M", "-f", "mpegts", "-y", file.path]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0, let data = FileManager.default.contents(atPath: file.path) else {
      throw BenchError("ffmpeg could not make the source")
    }
    return Array(data)
  }
}

/// Blocking sockets on loopback, for the roles.
enum LoopbackSocket {
  static func listen() throws -> (descriptor: Int32, port: Int) {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        let code = bind(descriptor, address, length)
        getsockname(descriptor, address, &length)
        return code
      }
    }
    guard code == 0, Glibc.listen(descriptor, 4096) == 0 else { throw BenchError("listen: \(errno)") }
    return (descriptor, Int(UInt16(bigEndian: address.sin_port)))
  }

  /// Tells the parent where we listen.
  static func announce(_ port: Int) {
    FileHandle.standardOutput.write(Data("port=\(port)\n".utf8))
  }

  static func connect(_ port: Int) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let code = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard code == 0 else { throw BenchError("connect: \(errno)") }
    return descriptor
  }

  static func writeAll(_ descriptor: Int32, _ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.withUnsafeBytes { bytes in
      guard let start = bytes.baseAddress else { return true }
      var offset = 0
      while offset < bytes.count {
        let count = write(descriptor, start + offset, bytes.count - offset)
        guard count > 0 else { return false }
        offset += count
      }
      return true
    }
  }
}
