internal import FrameRecorder
internal import HTTP

/// GET and HEAD of a device's playlist and its segments (frames.md §10), of any device of the cluster.
struct RecordingRoutes: Sendable {
  let services: RecordingServices

  func add(to router: inout Router) {
    let answering = Problem.answeringRecorderFailures
    router.add(.get, "/devices/{client}/{device}/playlist.m3u8", kind: .media, handler: answering(playlist))
    router.add(.get, "/devices/{client}/{device}/segments/{file}", kind: .media, handler: answering(segment))
  }

  // MARK: The playlist

  @Sendable private func playlist(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let suffix = try services.access.check(request, parameters)
    let device = try RecordingServices.device(parameters)
    let window: PlaylistWindow
    do throws(PlaylistWindow.Failure) {
      let query = request.query
      window = try PlaylistWindow(last: query.first("last"), from: query.first("from"), to: query.first("to"))
    } catch {
      throw Problem(error)
    }
    let text = try await text(device, window, suffix)
    return await text.answer(request, cacheControl: "max-age=1")
  }

  private func text(_ device: DevicePair, _ window: PlaylistWindow, _ suffix: String) async throws -> PlaylistText {
    do throws(DevicePlaylists.Failure) {
      return try await services.playlists.text(device, window, suffix: suffix)
    } catch {
      if error == .nothing { throw Problem.windowEmpty }
      guard let target = await services.shared.target(of: device) else { throw Self.problem(error) }
      do throws(DevicePlaylists.Failure) {
        return try await services.playlists.text(target, window, suffix: suffix)
      } catch {
        throw Self.problem(error)
      }
    }
  }

  private static func problem(_ failure: DevicePlaylists.Failure) -> any Error {
    switch failure {
    case .unknownDevice: Problem.deviceNotFound
    case .nothing: Problem.windowEmpty
    case .store(let error): error
    }
  }

  // MARK: Segments

  @Sendable private func segment(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    _ = try services.access.check(request, parameters)
    let device = try RecordingServices.device(parameters)
    guard let number = parameters["file"].flatMap({ SegmentName.number(of: $0) }) else {
      throw Problem.segmentNotFound
    }
    let found = try await found(number, device)
    guard let reader = try await services.open(.segment(found.device, number), of: found.device) else {
      throw Problem.segmentNotFound
    }
    var headers: HTTPHeaders = ["Content-Type": "video/mp2t"]
    var tag: String?
    if let generation = found.generation { tag = "\"\(generation)-\(number)-\(reader.size)\"" }
    headers.set(
      "Cache-Control", found.life.map { "public, max-age=\($0), immutable" } ?? "max-age=1")
    return try services.answer(reader, request, of: found.device, entityTag: tag, headers: headers)
  }

  /// Where a segment is to be found.
  private struct Found {
    var device: DevicePair
    /// Nil: Redis is away, and nobody knows.
    var generation: UInt64?
    /// Seconds that its file will stay at least.
    var life: Int64?
  }

  /// While Redis is away the storage decides alone.
  private func found(_ number: UInt64, _ device: DevicePair) async throws -> Found {
    let (target, standing): (DevicePair, SegmentStanding)
    do throws(FrameStoreError) {
      (target, standing) = try await self.standing(number, device)
    } catch {
      guard error.code == .unavailable else { throw error }
      let target = await services.shared.target(of: device) ?? device
      return Found(device: target, generation: services.playlists.rememberedGeneration(of: target))
    }
    guard case .served(let until) = standing.place else { throw Problem.segmentNotFound }
    return Found(
      device: target, generation: standing.generation, life: until.milliseconds(since: standing.now) / 1_000)
  }

  private func standing(
    _ number: UInt64, _ device: DevicePair
  ) async throws(FrameStoreError) -> (DevicePair, SegmentStanding) {
    let standing = try await services.store.standing(of: number, device)
    guard !standing.isDeviceKnown, let target = await services.shared.target(of: device) else {
      return (device, standing)
    }
    return (target, try await services.store.standing(of: number, target))
  }
}
