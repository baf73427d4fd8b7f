internal import ChildProcess
package import Cluster
package import EventLoop
internal import MediaLog
internal import Synchronization

/// The containers that are made for single clients of this worker.
package final class ContainerFeeds: Sendable {
  private struct State {
    var feeds: [UInt64: LoopBound<ContainerFeed>] = [:]
    var last: UInt64 = 0
    var isDraining = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let services: StreamServices
  private let manager: StreamManager
  private let state = Mutex(State())

  package init(services: StreamServices, manager: StreamManager) {
    self.services = services
    self.manager = manager
  }

  /// The container of one viewer, not opened yet. Its home is the loop of the viewer's connection.
  package struct Request: Sendable {
    package let viewer: ClientReference
    package let loop: EventLoop

    package init(viewer: ClientReference, loop: EventLoop) {
      self.viewer = viewer
      self.loop = loop
    }
  }

  /// A copy of a running stream's log in another container. Throws `StreamError.draining`.
  package func copy(
    of stream: LocalStream, in format: OutputFormat, startSecondsBehind: Double, _ request: Request
  ) async throws -> LoopBound<ContainerFeed> {
    let command = FFmpegCommand.remux(to: format, audioCodec: stream.audioCodec, settings: services.ffmpeg)
    guard let command else { throw SourceFailure.notMedia("\(format.rawValue) cannot be made of the log") }
    let child = ChildRequest(
      executable: services.ffmpegPath, arguments: command.arguments, environment: command.environment,
      workingDirectory: "/", memoryLimit: services.settings.ffmpegMemoryBytes, hasStandardInput: true,
      hasProgress: true, outputPipeBytes: 65_536)
    let source = FFmpegSource(spawner: services.spawner, loop: request.loop) { .success(child) }
    return try add(request, .log(stream.log, secondsBehind: startSecondsBehind), source, place: nil)
  }

  /// A transcode for this viewer alone. Throws `StreamError.draining`, `.limit` (MAX_TRANSCODES).
  package func transcode(
    _ registration: StreamRegistration, _ request: Request
  ) async throws -> LoopBound<ContainerFeed> {
    let place = try await manager.reserveTranscode()
    let planner = SourcePlanner(registration: registration, services: services)
    return try add(request, .source, planner.source(on: request.loop, continuingAt: nil), place: place)
  }

  private func add(
    _ request: Request, _ input: ContainerInput, _ source: any MediaSource, place: TranscodePlace?
  ) throws(StreamError) -> LoopBound<ContainerFeed> {
    let id = state.withLock { state in
      state.last += 1
      return state.last
    }
    let copies = input.isLog ? services.metrics.ffmpegCopies : nil
    let feed = LoopBound(
      ContainerFeed(
        viewer: request.viewer, input: input, source: source, services: services,
        loop: request.loop
      ) { [self] in
        copies?.add(-1)
        withExtendedLifetime(place) { remove(id) }
      }, loop: request.loop)
    let isWelcome = state.withLock { state in
      if !state.isDraining { state.feeds[id] = feed }
      return !state.isDraining
    }
    guard isWelcome else { throw .draining }
    copies?.add(1)
    return feed
  }

  private func remove(_ id: UInt64) {
    let waiters = state.withLock { state in
      state.feeds[id] = nil
      guard state.feeds.isEmpty else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Ends all, and returns when the last FFmpeg is gone. The streams have been stopped before: what copies a log ends
  /// with it. `killGrace`: how long an FFmpeg may take at most, if that is less than FFMPEG_KILL_GRACE.
  package func drain(killGrace: Duration) async {
    let feeds = state.withLock { state in
      state.isDraining = true
      return Array(state.feeds.values)
    }
    for feed in feeds { feed.loop.execute { feed.value.drain(killGrace: killGrace) } }
    await withCheckedContinuation { waiter in
      let isEmpty = state.withLock { state in
        if !state.feeds.isEmpty { state.waiters.append(waiter) }
        return state.feeds.isEmpty
      }
      if isEmpty { waiter.resume() }
    }
  }
}

extension LoopBound<ContainerFeed> {
  /// Waits for the first byte, at most so long. Throws `SourceFailure`, and `CancellationError` when the task is
  /// cancelled; nothing is left of it then.
  package func open(within limit: Duration) async throws {
    let result: Result<Void, SourceFailure> = await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        loop.execute { value.open(within: limit) { continuation.resume(returning: $0) } }
      }
    } onCancel: {
      loop.execute { value.stop() }
    }
    if Task.isCancelled {
      loop.execute { value.stop() }
      throw CancellationError()
    }
    try result.get()
  }
}
