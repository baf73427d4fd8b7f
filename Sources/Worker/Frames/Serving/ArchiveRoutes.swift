internal import FrameRecorder
internal import HTTP
internal import JSONCoding

/// Archives of a device: their records, their media, and each as one file (frames.md §10, §12).
struct ArchiveRoutes: Sendable {
  let services: RecordingServices

  private static let path = "/devices/{client}/{device}/archives"

  func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    let answering = Problem.answeringRecorderFailures
    let one = Self.path + "/{session}"
    router.add(.get, Self.path, handler: guarded(answering(list)))
    router.add(.get, one, handler: guarded(answering(show)))
    router.add(.delete, one, handler: guarded(answering(expire)))
    for format in ArchiveBundle.Format.allCases {
      router.add(
        .get, "\(one).\(format.rawValue)",
        handler: guarded(answering { try await bundle($0, $1, format) }))
    }
    router.add(.get, one + "/playlist.m3u8", kind: .media, handler: answering(playlist))
    router.add(.get, one + "/segments/{file}", kind: .media, handler: answering(segment))
  }

  // MARK: Records

  @Sendable private func list(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let limit = try request.limit(default: DeviceRoutes.mostListed, most: DeviceRoutes.mostListed)
    let after = try request.optional("after", "Input should be what next was") { SessionID($0) }
    let device = try await device(parameters)
    let sessions = try await services.storage.run(device) { adapter throws(StorageError) in
      try ArchiveRecords.sessions(device, after: after, atMost: limit + 1, in: adapter)
    }
    if sessions.isEmpty, after == nil { try await requireKnown(device) }
    let page = Array(sessions.prefix(limit))
    let hidden = try await hidden(page, of: device)
    let records = try await services.storage.run(device) { adapter throws(StorageError) in
      var records: [[UInt8]] = []
      for session in page where !hidden.contains(session) {
        if let record = try ArchiveRecords.read(device, session, in: adapter) { records.append(record) }
      }
      return records
    }
    return HTTPResponse(
      .object([
        ("archives", .array(Self.inOrder(records))),
        ("next", sessions.count > limit ? .optional(page.last?.text) : .null),
      ]))
  }

  private func hidden(_ sessions: [SessionID], of device: DevicePair) async throws -> Set<SessionID> {
    guard !sessions.isEmpty else { return [] }
    do throws(FrameStoreError) {
      let standings = try await services.store.archives(sessions, of: device)
      return Set(zip(sessions, standings).filter { $0.1.place == .hidden }.map(\.0))
    } catch {
      guard error.code == .unavailable else { throw error }
      return []
    }
  }

  private func requireKnown(_ device: DevicePair) async throws {
    if try await services.store.version(of: device).version == nil { throw Problem.deviceNotFound }
  }

  /// The oldest first.
  private static func inOrder(_ records: [[UInt8]]) -> [JSON] {
    records.compactMap { try? JSONParser.parse($0) }.map { (json: $0, start: start($0)) }
      .sorted { $0.start < $1.start }.map(\.json)
  }

  private static func start(_ record: JSON) -> String {
    guard case .object(let members) = record else { return "" }
    guard case .string(let text)? = members.first(where: { $0.0 == "started_at" })?.1 else { return "" }
    return text
  }

  @Sendable private func show(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let archive = try await archive(parameters)
    let record = try await services.storage.run(archive.device) { adapter throws(StorageError) in
      try ArchiveRecords.read(archive.device, archive.session, in: adapter)
    }
    guard let record else { throw Problem.archiveNotFound }
    return HTTPResponse(headers: ["Content-Type": "application/json"], body: .bytes(record))
  }

  @Sendable private func expire(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let device = try await device(parameters)
    let session = try Self.session(parameters)
    switch try await services.store.expireArchive(session, of: device) {
    case .due:
      var response = HTTPResponse(.object([("message", .string("Archive \(session) expires now"))]))
      response.status = .accepted
      return response
    case .unfinished: throw Problem.archiveNotReady
    case .unknown:
      // Redis has lost it: a sweep enters it again.
      let record = try await services.storage.run(device) { adapter throws(StorageError) in
        try ArchiveRecords.read(device, session, in: adapter)
      }
      let place = try await services.store.archives([session], of: device).first?.place
      throw record != nil && place == .unknown ? Problem.archiveNotReady : .archiveNotFound
    }
  }

  // MARK: Media

  @Sendable private func playlist(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    let suffix = try services.access.check(request, parameters)
    let archive = try await archive(parameters)
    let path = StoragePath.archivePlaylist(archive.device, archive.session)
    guard let reader = try await services.open(path, of: archive.device) else { throw Problem.archiveNotFound }
    let bytes = try await services.storage.run(archive.device) { _ throws(StorageError) in
      try reader.read(0..<min(reader.size, ImportedPlaylist.mostBytes))
    }
    let text = PlaylistText(DevicePlaylist.appending(suffix, to: bytes))
    let forLife = "public, max-age=\(archive.life), immutable"
    return await text.answer(request, cacheControl: suffix.isEmpty ? forLife : "max-age=1")
  }

  @Sendable private func segment(_ request: HTTPRequest, _ parameters: PathParameters) async throws -> HTTPResponse {
    _ = try services.access.check(request, parameters)
    let archive = try await archive(parameters)
    guard let number = parameters["file"].flatMap({ SegmentName.number(of: $0) }),
      let reader = try await services.open(
        .archiveSegment(archive.device, archive.session, number), of: archive.device)
    else { throw Problem.segmentNotFound }
    return try services.answer(
      reader, request, of: archive.device, entityTag: "\"\(archive.session)-\(number)-\(reader.size)\"",
      headers: [
        "Content-Type": "video/mp2t", "Cache-Control": "public, max-age=\(archive.life), immutable",
      ])
  }

  private func bundle(
    _ request: HTTPRequest, _ parameters: PathParameters, _ format: ArchiveBundle.Format
  ) async throws -> HTTPResponse {
    let (device, session, _) = try await archive(parameters)
    let storage = services.storage
    let bundle: ArchiveBundle
    do throws(StorageError) {
      bundle = try await storage.run(device) { adapter throws(StorageError) in
        try ArchiveBundle(device, session, format, in: adapter)
      }
    } catch {
      throw error.isNothingToServe ? Problem.archiveNotFound : error as any Error
    }
    let name = "\(device.client)_\(device.device)_\(session).\(format.rawValue)"
    return HTTPResponse(
      headers: [
        "Content-Type": format == .zip ? "application/zip" : "application/x-tar", "Accept-Ranges": "none",
        "Content-Disposition": "attachment; filename=\"\(name)\"", "Cache-Control": "no-store",
      ],
      body: .pulled(
        PulledBody(length: nil) {
          try await storage.run(device) { _ throws(StorageError) in try bundle.next() }
        }))
  }

  // MARK: Which

  /// `life`: seconds that it is there at least.
  private typealias Archive = (device: DevicePair, session: SessionID, life: Int64)

  private static func session(_ parameters: PathParameters) throws(Problem) -> SessionID {
    guard let session = parameters["session"].flatMap({ SessionID($0) }) else { throw .archiveNotFound }
    return session
  }

  /// Where its files lie.
  private func device(_ parameters: PathParameters) async throws(Problem) -> DevicePair {
    let named = try RecordingServices.device(parameters)
    return await services.shared.target(of: named) ?? named
  }

  /// One that may be fetched. While Redis is away the storage decides alone.
  private func archive(_ parameters: PathParameters) async throws -> Archive {
    let device = try await device(parameters)
    let session = try Self.session(parameters)
    let standing: ArchiveStanding?
    do throws(FrameStoreError) {
      standing = try await services.store.archives([session], of: device).first
    } catch {
      guard error.code == .unavailable else { throw error }
      standing = nil
    }
    switch standing?.place ?? .unknown {
    case .hidden: throw Problem.archiveNotFound
    case .served(let until): return (device, session, Self.life(until, standing?.now))
    case .unknown:
      let record = try await services.storage.run(device) { adapter throws(StorageError) in
        try ArchiveRecords.read(device, session, in: adapter)
      }
      guard let record else { throw Problem.archiveNotFound }
      return (device, session, Self.life(ArchiveRecords.expiry(record), standing?.now))
    }
  }

  private static func life(_ until: FrameTime?, _ now: FrameTime?) -> Int64 {
    max(0, until?.milliseconds(since: now ?? .wallClock) ?? 0) / 1_000
  }
}
