import Foundation

/// Benchmarks: each prints a table. What a person wants to know is a ratio within one run; seconds are only shown.
@main
enum Bench {
  static func main() async {
    var arguments = Array(CommandLine.arguments.dropFirst())
    var command = arguments.isEmpty ? "help" : arguments.removeFirst()
    do {
      if arguments.contains("--help") { command = "help" }
      try await run(command, command == "help" ? BenchOptions([]) : BenchOptions(arguments))
    } catch {
      FileHandle.standardError.write(Data("Bench: \(error)\n".utf8))
      exit(1)
    }
  }

  private static func run(_ command: String, _ options: BenchOptions) async throws {
    switch command {
    case "transport": TransportStreamBench.run()
    case "playlist":
      let isGate = options.number("gate", 0) != 0
      try PlaylistBench.run(isGate: isGate)
      try await ServedPlaylistBench.run(isGate: isGate)
    case "frames": try await FramesBench(options).run()
    case "recorder": try await RecorderBench(options).run()
    case "backlog": try await BacklogBench(options).run()
    case "crashes": try await CrashBench(options).run()
    case "window": try await WindowBench(options).run()
    case "fanout": try await FanOutBench(options).run()
    case "hold": try await HoldBench(options).run()
    case "join": try await JoinBench(options).run()
    case "memory": try await MemoryBench(options).run()
    case "slow": try await SlowReaderBench(options).run()
    case "cluster": try await ClusterBench(options).run()
    case "soak": try await SoakBench(options).run()
    case "burst": try await BurstBench(options).run()
    case "keys": try await KeysBench(options).run()
    case "role-source": try SourceRole(options).run()
    case "role-raw": try RawRole(options).run()
    case "help", "--help", "-h": print(help)
    default: throw BenchError("no benchmark '\(command)'; Bench help lists them")
    }
  }

  private static let help = """
    Usage: swift run -c release Bench COMMAND [--name value …]

      transport                      packets through aligner and normaliser, GB/s a core
      playlist --gate 0              a device's playlist of a day: ms to render, to read back, and to serve;
                                     --gate 1: fails where one takes longer than the goal
      frames   --rounds 5            a segment of six 1080p frames: CPU beside the reference's ffmpeg and ffprobe
               --segments 8          --gate 1: fails where it is less often cheaper than the goal
      recorder --devices 200         devices that send frames at an interval, one worker killed at half time: every frame
               --seconds 300         counted by decoding, time to the first commit after the kill
               --workers 2 --kill 1 --interval 1
               --silence 1           afterwards devices are silent for longer than workers remember them: their memory
      backlog  --frames 20000        one device that sends so many frames at once, beside others with a frame a second:
               --devices 50          how long these wait, the worker's memory, the order of the burst
      crashes  --devices 20          devices alone, and beside one of which each third frame kills an encoder, in turn:
               --rounds 3            ms from a segment's last frame to its recording
               --seconds 36
      window   --hours 24            a device's whole window in fast time, every frame encoded: segments listed and
               --interval 5          existing, playlist, CPU; then what goes when the clock moves on by hours
               --width 320 --height 180 --moves 1,5,12,25
      fanout   --clients 200,800     server CPU-seconds per GB beside a raw write loop, alternating
               --rounds 5 --seconds 6
      hold     --clients 1600        whether so many viewers get the stream's rate
      join     --clients 200         first byte of a further viewer: p50, p95
      memory   --clients 1000        RSS of the worker for each further viewer
      slow     --clients 100         a paused and a slow viewer beside others
      cluster  --part all            takeover: SIGKILL of an owner; handover: SIGTERM of an owner;
               --rounds 10           restart: all workers in turn, under viewers behind the balancer;
               --viewers 50          latency: owner to a viewer elsewhere;
               --players 50          load: Redis beside the rate of a stream, with so many viewers a worker
               --seconds 15 --scales 1,10,50 --profile lowlatency
               --group 1             seconds between the source's key frames
      soak     --seconds 600         one transcode, 50 TS and 20 HLS viewers that come and go: every capture checked
      burst    --clients 1000        so many POST and play one pair over a cluster: FFmpegs, ids, times
               --workers 4 --rounds 3
      keys     --scales 1,10,100     what Redis does for a heartbeat, a claim, a join, a dead worker, beside so many
                                     workers with 100 streams and 1,000 clients each

    Needs a release build of millrace and millrace-encoder beside it (swift build -c release), ffmpeg, redis-server, haproxy. Loopback only.
    """
}

/// `--name value` pairs.
struct BenchOptions {
  private var values: [String: String] = [:]

  /// Throws `BenchError` where a name has no value.
  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    while let name = rest.popFirst() {
      guard name.hasPrefix("--"), let value = rest.popFirst() else {
        throw BenchError("'\(name)': write --name value; Bench help lists them")
      }
      values[name] = value
    }
  }

  func text(_ name: String, _ fallback: String) -> String { values["--" + name] ?? fallback }
  func number(_ name: String, _ fallback: Int) -> Int { values["--" + name].flatMap(Int.init) ?? fallback }
  func numbers(_ name: String, _ fallback: [Int]) -> [Int] {
    values["--" + name].map { $0.split(separator: ",").compactMap { Int($0) } } ?? fallback
  }
}
