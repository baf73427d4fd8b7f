internal import Observability

/// One request's frames on their way from temporary files to the stream.
struct IntakeAcceptance {
  let request: IntakeRequest
  let requestID: String
  let settings: IntakeSettings
  let store: FrameStore
  let storage: StorageThreads
  let logger: Logger

  private struct Placed {
    let index: Int
    let id: SessionID
    let path: StoragePath
  }

  func run(_ frames: [StagedFrame]) async throws(IntakeError) -> [FrameAnswer] {
    do throws(IntakeError) {
      let target = try await target()
      let placed = try await place(frames, for: target)
      let answers = try await add(placed, target, among: frames)
      if answers.contains(where: \.isAccepted) { await link() }
      return answers
    } catch {
      await delete(frames.compactMap { if case .stored(_, _, let temporary) = $0 { temporary } else { nil } })
      throw error
    }
  }

  /// Where the frames go: the device, or the one that its folder is a link to.
  private func target() async throws(IntakeError) -> DevicePair {
    let asked = request.device
    let device: DevicePair
    do throws(StorageError) {
      device = try await storage.run(key: requestID) { adapter throws(StorageError) in try adapter.device(asked) }
    } catch {
      throw IntakeError(error)
    }
    let state: IntakeState
    do throws(FrameStoreError) { state = try await store.intakeState(device) } catch {
      throw IntakeError(.storeUnavailable)
    }
    // A repeated request is not held up by what waits: the script looks at its source first.
    if request.key == nil { try checkBacklog(state) }
    if device.client == asked.client, let client = state.client, client != request.rawClient {
      throw IntakeError(.clientCollision(client))
    }
    return device
  }

  private func checkBacklog(_ state: IntakeState) throws(IntakeError) {
    if let most = settings.limits.partition, state.partitionBacklog >= most {
      throw IntakeError(.backlog(state.partitionBacklog))
    }
    if let most = settings.limits.device, state.deviceBacklog >= most {
      throw IntakeError(.deviceBacklog(state.deviceBacklog))
    }
  }

  // MARK: Files

  /// Gives the files their names, each durable; all or none.
  private func place(_ frames: [StagedFrame], for device: DevicePair) async throws(IntakeError) -> [Placed] {
    var placed: [Placed] = []
    for (index, frame) in frames.enumerated() {
      guard case .stored(let id, let format, let temporary) = frame else { continue }
      let path = StoragePath.frame(device, id, format)
      do throws(StorageError) {
        try await storage.run(key: requestID) { adapter throws(StorageError) in
          try Self.place(temporary, as: path, in: adapter)
        }
      } catch {
        await delete(placed.map(\.path))
        throw IntakeError(error)
      }
      placed.append(Placed(index: index, id: id, path: path))
    }
    return placed
  }

  private static func place(
    _ temporary: StoragePath, as path: StoragePath, in adapter: any StorageAdapter
  ) throws(StorageError) {
    if temporary.folder == path.folder { return try adapter.publish(temporary, as: path) }
    try adapter.share(temporary, as: path)
    if let folder = path.folder { try adapter.sync(folder) }
    try adapter.delete(temporary)
  }

  private func delete(_ paths: [StoragePath]) async {
    guard !paths.isEmpty else { return }
    _ = try? await storage.run(key: requestID) { adapter throws(StorageError) in
      for path in paths { _ = try? adapter.delete(path) }
    }
  }

  // MARK: The stream

  /// A JPEG that was certainly not taken is deleted. Where that is unknown it stays until retention: it may be referred to.
  private func add(
    _ placed: [Placed], _ target: DevicePair, among frames: [StagedFrame]
  ) async throws(IntakeError) -> [FrameAnswer] {
    var answers = frames.map { frame -> FrameAnswer in
      if case .refused(let reason) = frame { .refused(reason) } else { .failed }
    }
    let results: [Result<IntakeResult, FrameStoreError>]
    do throws(FrameStoreError) {
      results = try await store.add(placed.map { frame($0, target) }, limits: settings.limits)
    } catch {
      logger.warning("a request's frames were perhaps not accepted", ["error": "\(error)"])
      throw IntakeError(.storeUnavailable)
    }
    var failure: IntakeError?
    var unused: [StoragePath] = []
    for (frame, result) in zip(placed, results) {
      switch result {
      case .success(.added):
        answers[frame.index] = .accepted(eventID: frame.id.text, path: frame.path.text)
      case .success(.known(_, let first)):
        let path = first.flatMap { frame.path.folder?.entry($0 + frame.path.suffix) } ?? frame.path
        answers[frame.index] = .accepted(eventID: first ?? frame.id.text, path: path.text)
        unused.append(frame.path)
      case .success(.backlog(let count)):
        failure = failure ?? IntakeError(.backlog(count))
        unused.append(frame.path)
      case .success(.deviceBacklog(let count)):
        failure = failure ?? IntakeError(.deviceBacklog(count))
        unused.append(frame.path)
      case .failure(let error):
        failure = failure ?? IntakeError(.storeUnavailable)
        if error.code != .unavailable { unused.append(frame.path) }
      }
    }
    await delete(unused)
    guard var failure else { return answers }
    if answers.contains(where: \.isAccepted) { failure.frames = answers }
    throw failure
  }

  private func frame(_ placed: Placed, _ target: DevicePair) -> IntakeFrame {
    IntakeFrame(
      target, event: request.event(placed.id.text, path: placed.path), source: request.source(placed.index),
      eventID: placed.id.text, recordedAs: target == request.device ? nil : target)
  }

  // MARK: Links

  /// What a client calls the frames leads to them. A link that cannot be made costs no frame.
  private func link() async {
    let device = request.device
    var links: [StoragePath] = []
    if let key = request.secondaryKey, let name = StoragePath.linkName(key) {
      links.append(contentsOf: [StoragePath.secondaryKeys(of: device.client).entry(name)].compactMap(\.self))
    }
    if settings.makesRequestLinks, request.hasOwnRequestID, let name = StoragePath.linkName(request.requestID) {
      links.append(contentsOf: [StoragePath.requests(of: device.client).entry(name)].compactMap(\.self))
    }
    guard !links.isEmpty else { return }
    let text = "../device_id/\(device.device)/frames"
    do throws(StorageError) {
      try await storage.run(key: requestID) { [links] adapter throws(StorageError) in
        for link in links { try adapter.link(link, to: text) }
      }
    } catch {
      logger.warning("a link to frames was not made", ["error": "\(error)"])
    }
  }
}

extension FrameAnswer {
  package var isAccepted: Bool {
    if case .accepted = self { true } else { false }
  }
}

extension StoragePath {
  /// `.jpg`
  fileprivate var suffix: String { name.lastIndex(of: ".").map { String(name[$0...]) } ?? "" }

  /// A client's word as one name: as `SafeName`, up to 200 characters. Nil for none.
  fileprivate static func linkName(_ text: String) -> String? {
    guard (1...200).contains(text.unicodeScalars.count) else { return nil }
    return text.unicodeScalars.map { SafeName(sanitising: String($0))?.text ?? "_" }.joined()
  }
}
