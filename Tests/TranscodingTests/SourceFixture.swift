import Foundation
import Testing

/// Synthetic media, made once, behind a small HTTP server on the loopback.
final class SourceFixture: Sendable {
  static let script = """
    import http.server, os, shutil, sys, threading
    class Handler(http.server.SimpleHTTPRequestHandler):
      def log_message(self, *a): pass
      def end_headers(self):
        with open('requests.log', 'a') as f: f.write(self.path + '\\n' + str(self.headers) + '\\n')
        super().end_headers()
    os.chdir(sys.argv[1])
    server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
    print(server.server_port, flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
    shutil.rmtree(sys.argv[1], ignore_errors=True)
    os._exit(0)
    """

  let folder: TemporaryFolder
  let port: Int
  /// Its end ends the server, however the tests end, and the server takes the folder with it.
  private let serverInput: FileHandle

  private static let shared = Task { try await SourceFixture() }

  /// Safe to call from any test: the media are made once.
  static func get() async throws -> SourceFixture { try await shared.value }

  private init() async throws {
    folder = TemporaryFolder()
    let path = folder.path
    let picture = ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=25:duration=6"]
    let sound = ["-f", "lavfi", "-i", "sine=frequency=440:duration=6"]
    let encode = [
      "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25", "-c:a", "aac", "-ac", "2",
    ]
    let make: [[String]] = [
      picture + sound + encode + ["-f", "mpegts", path + "/av.ts"],
      ["-f", "lavfi", "-i", "testsrc=size=320x180:rate=30000/1001:duration=10"] + encode
        + ["-f", "mpegts", path + "/ntsc.ts"],
      sound + ["-c:a", "aac", "-f", "mpegts", path + "/audio.ts"],
      [
        "-i", path + "/av.ts", "-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_list_size", "0",
        "-hls_segment_filename", path + "/seg%d.php", path + "/list.m3u8",
      ],
    ]
    for arguments in make {
      let result = await Tool.ffmpeg(["-nostdin", "-hide_banner", "-loglevel", "error", "-y"] + arguments)
      try #require(result.status == 0, "\(result.errors)")
    }
    let input = Pipe()
    let output = Pipe()
    let server = Process()
    server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    server.arguments = ["python3", "-c", Self.script, path]
    server.standardInput = input
    server.standardOutput = output
    try server.run()
    let line = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self)
    port = try #require(Int(line.trimmingCharacters(in: .whitespacesAndNewlines)))
    serverInput = input.fileHandleForWriting
  }

  func url(_ name: String) -> String { "http://127.0.0.1:\(port)/\(name)" }

  /// What the server was asked for, with headers.
  var requests: String { (try? String(contentsOf: folder.url("requests.log"), encoding: .utf8)) ?? "" }
}
