extension RecordingSweeper {
  /// Links that are looked at a time.
  private static let mostLinks = 10_000

  /// Links whose frames' time is over, those that were never finished, and a client's folders that are empty.
  nonisolated(nonsending) func sweepLinks(of client: SafeName, _ work: inout SweepWork) async {
    let folders = [StoragePath.secondaryKeys(of: client), .requests(of: client)]
    do throws(StorageError) {
      for folder in folders { try await sweepLinks(in: folder, &work) }
      try await removeEmpty(folders + [.devices(of: client), .client(client)], work.rule)
    } catch {
      work.report.note(error)
    }
  }

  nonisolated(nonsending) private func sweepLinks(
    in folder: StoragePath, _ work: inout SweepWork
  ) async throws(StorageError) {
    let rule = work.rule
    var links: [StoragePath] = []
    repeat {
      links = try await storage.run { adapter throws(StorageError) in try Self.oldLinks(in: folder, rule, adapter) }
      var rest = links[...]
      while !rest.isEmpty, !Task.isCancelled {
        let part = Array(rest.prefix(work.pace.part))
        rest = rest.dropFirst(part.count)
        try await storage.run { adapter throws(StorageError) in
          // One that was used meanwhile is new.
          for link in part where try adapter.look(link).map({ Self.mayGo($0, rule) }) ?? false {
            try adapter.delete(link)
          }
        }
        await work.pace.passed(part.count)
      }
    } while links.count == Self.mostLinks && !Task.isCancelled
  }

  private static func mayGo(_ entry: StorageEntry, _ rule: SweepRule) -> Bool {
    guard entry.kind == .link else { return false }
    return StoragePath.isTemporary(entry.name) ? rule.isLeft(entry.modified) : rule.linkMayGo(entry.modified)
  }

  private static func oldLinks(
    in folder: StoragePath, _ rule: SweepRule, _ storage: any StorageAdapter
  ) throws(StorageError) -> [StoragePath] {
    var links: [StoragePath] = []
    try storage.list(folder) { entry in
      if mayGo(entry, rule), let link = folder.entry(entry.name), isOurs(link, storage) { links.append(link) }
      return links.count < mostLinks
    }
    return links
  }

  /// It leads to a folder below the base, be it gone.
  private static func isOurs(_ link: StoragePath, _ storage: any StorageAdapter) -> Bool {
    (try? storage.list(link) { _ in false }) != nil
  }
}
