/// Where the file of a frame lies, as its producer says.
package struct FramePathRule: Sendable {
  /// Absolute, without a slash at the end.
  private let base: String
  private let map: [(from: String, to: String)]

  /// - Parameters:
  ///   - base: `STORAGE_BASE_PATH`
  ///   - map: producers' mount points (`FRAMES_PATH_MAP`), the first that fits counts.
  package init(base: String, map: [(from: String, to: String)] = []) {
    (self.base, self.map) = (Self.trimmed(base), map.map { (Self.trimmed($0.from), Self.trimmed($0.to)) })
  }

  private static func trimmed(_ path: String) -> String {
    var path = path
    while path.count > 1, path.hasSuffix("/") { path.removeLast() }
    return path
  }

  package enum Place: Sendable, Equatable {
    /// Below the base.
    case file(String)
    case bad(DeadLetterReason, detail: String)
  }

  /// Of a frame of `device`: below `client_ids/<c>/` by its text alone; links are the encoder's to refuse. What another
  /// device's folder is named in is that device's file only where the two are one folder, and then it has its own name.
  /// - Parameters:
  ///   - client: whose producer says so; nil: the device's own. Another one may name files in the device's folder alone.
  ///   - isShared: whether the folder of that device is this one's.
  package func place(
    _ path: String, of device: DevicePair, for client: SafeName? = nil,
    isShared: (DevicePair) -> Bool = { _ in false }
  ) -> Place {
    for scheme in ["gs://", "s3://"] where path.lowercased().hasPrefix(scheme) {
      return .bad(.unsupportedStorage, detail: "\(scheme) needs an adapter that this version does not have")
    }
    guard let below = below(path) else { return .bad(.path, detail: "not below the base") }
    guard let clean = StoragePath(below) else { return .bad(.path, detail: "empty names, . or .. in it") }
    if let (folder, rest) = clean.inDevice, folder == device || isShared(folder) {
      return .file("\(StoragePath.device(device))/\(rest)")
    }
    guard client ?? device.client == device.client else {
      return .bad(.path, detail: "not below the folder of the device that it is shared with")
    }
    guard Self.rest(of: clean.text, below: StoragePath.client(device.client).text) != nil else {
      return .bad(.path, detail: "not below the client's folder")
    }
    return .file(clean.text)
  }

  /// The device in whose folder a file lies by its path's text; nil: in none.
  func device(_ path: String) -> DevicePair? { below(path).flatMap { StoragePath($0) }?.inDevice?.device }

  /// Nil: it is absolute and not below the base.
  private func below(_ path: String) -> String? {
    var path = path
    for (from, to) in map {
      guard let rest = Self.rest(of: path, below: from) else { continue }
      path = to + "/" + rest
      break
    }
    return path.hasPrefix("/") ? Self.rest(of: path, below: base) : path
  }

  private static func rest(of path: String, below folder: String) -> String? {
    path.hasPrefix(folder + "/") ? String(path.dropFirst(folder.count + 1)) : nil
  }
}
