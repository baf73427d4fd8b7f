import Glibc
import Testing

@testable import HTTP

/// The real FFmpeg behind the proxy.
@Suite(.serialized) struct FFmpegEgressTests {
  @Test func playsThroughTheProxy() async throws {
    let media = try await MediaFolder()
    defer { withExtendedLifetime(media) {} }
    let origin = try Origin(root: media.path)
    defer { withExtendedLifetime(origin) {} }
    let other = try Origin("::1", root: media.path)
    defer { withExtendedLifetime(other) {} }
    let proxy = try await ProxyFixture()
    defer { proxy.stop() }

    let direct = await media.remux(origin.url("/a.ts"), proxy: proxy.port)
    #expect(direct.status == 0, "\(direct.output)")
    #expect(direct.bytes > 10_000)
    #expect(proxy.counters.openedTotal.load(ordering: .relaxed) == 1)

    let named = await media.remux(origin.url("/a.ts", host: "localhost"), proxy: proxy.port)
    #expect(named.status == 0, "\(named.output)")

    let redirected = await media.remux(
      origin.url("/redirect?to=\(escaped(other.url("/a.ts")))"), proxy: proxy.port)
    #expect(redirected.status == 0, "\(redirected.output)")
    #expect(redirected.bytes == direct.bytes)
    #expect(proxy.counters.openedTotal.load(ordering: .relaxed) == 4)
    #expect(await becomesTrue { proxy.counters.open.load(ordering: .relaxed) == 0 })
  }

  @Test func playsSegmentsThroughTheProxy() async throws {
    let media = try await MediaFolder()
    defer { withExtendedLifetime(media) {} }
    let origin = try Origin(root: media.path)
    defer { withExtendedLifetime(origin) {} }
    let proxy = try await ProxyFixture()
    defer { proxy.stop() }
    let played = await media.remux(origin.url("/list.m3u8"), proxy: proxy.port)
    #expect(played.status == 0, "\(played.output)")
    #expect(played.bytes > 10_000)
    let requests = await proxy.get(origin.url("/requests"))
    for segment in ["list0.ts", "list1.ts", "list2.ts"] { #expect(requests.contains("GET /\(segment) ")) }
    // The list, three segments, the question.
    #expect(proxy.counters.openedTotal.load(ordering: .relaxed) >= 5)
  }

  @Test func playsHTTPSThroughATunnel() async throws {
    let media = try await MediaFolder()
    defer { withExtendedLifetime(media) {} }
    let certificate = try await media.makeCertificate()
    let origin = try Origin(certificate: certificate, root: media.path)
    defer { withExtendedLifetime(origin) {} }
    let proxy = try await ProxyFixture()
    defer { proxy.stop() }
    let played = await media.remux(origin.url("/a.ts", host: "localhost"), proxy: proxy.port)
    #expect(played.status == 0, "\(played.output)")
    #expect(played.bytes > 10_000)
    #expect(proxy.counters.openedTotal.load(ordering: .relaxed) >= 1)

    let client = try await ClientFixture()
    defer { client.stop() }
    guard case .tls? = await client.fetch(origin.url("/a.ts")).error else {
      Issue.record("a certificate that nobody signed must not do")
      return
    }
  }

  @Test func aRefusedTargetIsNotReached() async throws {
    let media = try await MediaFolder()
    defer { withExtendedLifetime(media) {} }
    let trap = SilentListener()
    defer { withExtendedLifetime(trap) {} }
    let origin = try Origin()
    defer { withExtendedLifetime(origin) {} }
    let proxy = try await ProxyFixture(allow: "127.0.0.1:\(origin.port)")
    defer { proxy.stop() }
    let target = "127.0.0.1:\(trap.port)/a.ts"
    let redirect = origin.url("/redirect?to=\(escaped("http://localhost:\(trap.port)/a.ts"))")
    for url in ["http://\(target)", "https://\(target)", "http://localhost:\(trap.port)/a.ts", redirect] {
      let refused = await media.remux(url, proxy: proxy.port)
      #expect(refused.status != 0)
    }
    #expect(!trap.wasReached)
    #expect(proxy.counters.refusedTotal.load(ordering: .relaxed) >= 4)
  }
}

/// A temporary folder with two seconds of video: `a.ts`, and `list.m3u8` with its segments.
private final class MediaFolder: Sendable {
  let path: String

  init() async throws {
    var template = Array("/tmp/egress-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { throw ChildProgram.Failure.pipe }
    let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    self.path = path
    let source = ["ffmpeg", "-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc=size=160x120:rate=10", "-t", "3"]
    let codec = ["-c:v", "mpeg2video", "-g", "5"]
    let made = await offPool { () -> Int32 in
      let file = try? ChildProgram(source + codec + ["-f", "mpegts", "\(path)/a.ts"])
      let list = try? ChildProgram(
        source + codec + ["-f", "hls", "-hls_time", "1", "-hls_list_size", "0", "\(path)/list.m3u8"])
      defer {
        file?.end()
        list?.end()
      }
      return (file?.wait().status ?? 1) | (list?.wait().status ?? 1)
    }
    guard made == 0 else { throw ChildProgram.Failure.spawn(made) }
  }

  /// One file with key and certificate that nobody signed.
  func makeCertificate() async throws -> String {
    let path = path
    let status = await offPool { () -> Int32 in
      let program = try? ChildProgram([
        "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1", "-keyout",
        "\(path)/key.pem", "-out", "\(path)/key.pem",
      ])
      defer { program?.end() }
      return program?.wait().status ?? 1
    }
    guard status == 0 else { throw ChildProgram.Failure.spawn(status) }
    return "\(path)/key.pem"
  }

  func remux(_ url: String, proxy: UInt16) async -> (status: Int32, output: String, bytes: Int) {
    let path = path
    return await offPool {
      let arguments = [
        "ffmpeg", "-nostdin", "-y", "-v", "error", "-protocol_whitelist", "httpproxy,http,https,tcp,tls,crypto", "-i",
        url,
        "-c", "copy", "-f", "mpegts", "\(path)/out.ts",
      ]
      guard let program = try? ChildProgram(arguments, environment: ["http_proxy": "http://127.0.0.1:\(proxy)"]) else {
        return (-1, "no ffmpeg", 0)
      }
      defer { program.end() }
      let (output, status) = program.wait()
      var info = stat()
      let bytes = stat("\(path)/out.ts", &info) == 0 ? Int(info.st_size) : 0
      unlink("\(path)/out.ts")
      return (status, output, bytes)
    }
  }

  deinit {
    guard let folder = opendir(path) else { return }
    while let entry = readdir(folder) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      unlink("\(path)/\(name)")
    }
    closedir(folder)
    rmdir(path)
  }
}
