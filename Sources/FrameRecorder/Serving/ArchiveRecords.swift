internal import JSONCoding

/// The records of archives as the storage has them: `archive.json`, which is the truth. Calls block.
package enum ArchiveRecords {
  private static let mostBytes = 4 << 20
  /// Folders of a device that are looked at.
  private static let mostFolders = 100_000

  /// `archive.json` as it is; nil: there is no archive, or it is being made.
  package static func read(
    _ device: DevicePair, _ session: SessionID, in adapter: any StorageAdapter
  ) throws(StorageError) -> [UInt8]? {
    do throws(StorageError) {
      let reader = try adapter.open(.archiveRecord(device, session))
      guard reader.size <= mostBytes else { return nil }
      return try reader.read(0..<reader.size)
    } catch {
      if error.isNothingToServe { return nil }
      throw error
    }
  }

  /// The sessions of a device that have a folder, by their ids, behind `after`, at most so many.
  package static func sessions(
    _ device: DevicePair, after: SessionID?, atMost most: Int, in adapter: any StorageAdapter
  ) throws(StorageError) -> [SessionID] {
    var names: [String] = []
    try adapter.list(.archives(device)) { entry in
      if entry.kind == .folder, after.map({ entry.name > $0.text }) ?? true { names.append(entry.name) }
      return names.count < mostFolders
    }
    return Array(names.sorted().lazy.compactMap { SessionID($0) }.prefix(most))
  }

  /// When the archive may go; nil: the record does not say.
  package static func expiry(_ record: [UInt8]) -> FrameTime? {
    guard case .object(let members)? = try? JSONParser.parse(record),
      let value = members.first(where: { $0.0 == "expires_at" })?.1
    else { return nil }
    return ParsedTime(value)?.time
  }
}

extension StorageError {
  /// Nobody is told whether something is absent or not to be seen.
  package var isNothingToServe: Bool { code == .missing || code == .outside || code == .wrongKind }
}
