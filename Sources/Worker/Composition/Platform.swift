internal import ChildProcess
internal import Cluster
internal import EventLoop
internal import Foundation
internal import HTTP
internal import Observability
internal import Transcoding

/// What stands below the streams: loops, children, the ways out of the machine, the tools that are installed. Started
/// first, stopped last.
final class Platform: Sendable {
  let control: EventLoop
  let loops: LoopGroup
  let spawner: ChildSpawner
  let upstreams: UpstreamClients
  let egress: LoopBound<EgressProxy>
  let tools: FFmpegTools?
  let hardware: HardwareSupport
  let catalog: ProfileCatalog
  let policy: AddressPolicy
  let callbackPolicy: AddressPolicy

  init(_ configuration: Configuration, _ logger: Logger) async throws {
    catalog = try Self.catalog(configuration)
    let policy = AddressPolicy(allowing: try AddressAllowList(configuration.source.allow.joined(separator: ",")))
    self.policy = policy
    callbackPolicy = AddressPolicy(
      allowing: try AddressAllowList(configuration.source.callbackAllow.joined(separator: ",")))
    let control = EventLoop(name: "control")
    self.control = control
    let cores = ProcessInfo.processInfo.activeProcessorCount
    loops = LoopGroup(count: configuration.server.loops > 0 ? configuration.server.loops : cores, name: "media")
    spawner = ChildSpawner(control: control)
    upstreams = UpstreamClients(policy: policy, counters: UpstreamCounters())
    egress = try await Self.egress(on: loops.next(), policy)
    let runner = ToolRunner(spawner: spawner, home: control, executable: configuration.ffmpeg.path)
    tools = await FFmpegTools.look { await runner.output($0) }
    hardware = await Self.hardware(configuration, tools, runner)
    if tools == nil {
      logger.error("FFmpeg cannot be run: install it or set FFMPEG_PATH", ["path": configuration.ffmpeg.path])
    }
  }

  /// The profiles that requests may name. Throws `ProfileFileError`.
  static func catalog(_ configuration: Configuration) throws -> ProfileCatalog {
    if let path = configuration.ffmpeg.profilesFile { return try ProfileFile.load(path: path, required: true) }
    for path in ["config/profiles.yaml", "config/profiles.json"] where FileManager.default.fileExists(atPath: path) {
      return try ProfileFile.load(path: path, required: false)
    }
    return ProfileCatalog()
  }

  private static func egress(on loop: EventLoop, _ policy: AddressPolicy) async throws -> LoopBound<EgressProxy> {
    try await withCheckedThrowingContinuation { continuation in
      loop.execute {
        continuation.resume(
          with: Result {
            LoopBound(try EgressProxy(loop: loop, policy: policy, resolver: AddressResolver()), loop: loop)
          })
      }
    }
  }

  private static func hardware(
    _ configuration: Configuration, _ tools: FFmpegTools?, _ runner: ToolRunner
  ) async -> HardwareSupport {
    guard let tools else { return .none }
    let support = HardwareProbe.decide(
      encoders: tools.encoders, nodes: HardwareNodes.present(), settings: configuration.hardwareSettings)
    return support.isAvailable ? await HardwareProbe.confirmed(support) { await runner.output($0) } : .none
  }

  func ffmpegSettings(_ configuration: Configuration) async -> FFmpegSettings {
    var settings = FFmpegSettings()
    settings.keyFrameSeconds = configuration.hls.segmentDuration / .seconds(1)
    settings.hardware = hardware
    settings.hasExtensionPicky = tools?.hasExtensionPicky ?? false
    settings.egressProxy = await withCheckedContinuation { continuation in
      egress.loop.execute { [egress] in continuation.resume(returning: egress.value.url) }
    }
    return settings
  }

  /// Ends all children, closes all connections, stops the loops.
  func stop() async {
    await spawner.drain()
    upstreams.close()
    egress.loop.execute { [egress] in egress.value.close() }
    loops.stop()
    control.stop()
  }
}
