import ChildProcess
import EventLoop
import Glibc

/// Segments as the reference makes them: an ffmpeg and an ffprobe for each.
struct ReferenceRun {
  private let store: BenchFrameStore
  private let control = EventLoop(name: "control")
  private let home = EventLoop(name: "reference")
  private let spawner: ChildSpawner

  init(_ store: BenchFrameStore) {
    self.store = store
    spawner = ChildSpawner(control: control)
  }

  /// CPU milliseconds a segment, of the two processes alone.
  func milliseconds(_ batches: [[String]]) async throws -> Double {
    let before = Self.childrenSeconds()
    for batch in batches { try await segment(batch) }
    return (Self.childrenSeconds() - before) * 1000 / Double(batches.count)
  }

  /// Its flags, letter for letter.
  private func segment(_ paths: [String]) async throws {
    let files = paths.map { store.folder.file($0) }
    let list = files.map { "file '\($0)'\nduration 1\n" }.joined() + "file '\(files[files.count - 1])'\n"
    let listFile = try store.folder.write(Array(list.utf8), to: "list.txt")
    let output = store.folder.file("reference.ts")
    try await run(
      "ffmpeg",
      [
        "-y", "-f", "concat", "-safe", "0", "-i", listFile, "-c:v", "libx264", "-preset", "ultrafast", "-tune",
        "zerolatency", "-profile:v", "baseline", "-level", "3.0", "-vf", "scale=1920:-2", "-pix_fmt", "yuv420p", "-r",
        "1",
        "-f", "mpegts", "-mpegts_copyts", "1", "-output_ts_offset", "6", output,
      ])
    try await run(
      "ffprobe", ["-v", "error", "-show_entries", "format=duration", "-of", "default=nw=1:nk=1", output])
  }

  private func run(_ program: String, _ arguments: [String]) async throws {
    let request = ChildRequest(executable: program, arguments: arguments, environment: ["PATH": "/usr/bin:/bin"])
    let failure = await withCheckedContinuation { done in
      spawner.spawn(request, home: home) { result in
        switch result {
        case .success(let child):
          child.onExit = { status in done.resume(returning: status == .exited(code: 0) ? nil : "\(program) \(status)") }
        case .failure(let error): done.resume(returning: "\(error)")
        }
      }
    }
    if let failure { throw BenchError(failure) }
  }

  private static func childrenSeconds() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_CHILDREN.rawValue), &usage)
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
      + Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
  }

  func stop() async {
    await spawner.drain(grace: .zero)
    home.stop()
    control.stop()
  }
}
