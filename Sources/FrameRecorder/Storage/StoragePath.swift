/// A place below the base of the storage: names with `/` between them, none of them empty, `.`, `..` or with a NUL.
package struct StoragePath: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  /// Bytes of a name that every file system takes.
  private static let mostNameBytes = 255
  private static let mostBytes = 4_000

  /// Nil unless `text` is as above, without a slash at either end.
  package init?(_ text: String) {
    let names = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    guard text.utf8.count <= Self.mostBytes, names.allSatisfy(Self.isName) else { return nil }
    self.text = text
  }

  private init(joined text: String) { self.text = text }

  private static func isName(_ name: some Collection<UInt8>) -> Bool {
    (1...mostNameBytes).contains(name.count) && !name.contains(0) && !name.elementsEqual([0x2E])
      && !name.elementsEqual([0x2E, 0x2E])
  }

  /// Nil unless `name` is one name.
  package func entry(_ name: String) -> StoragePath? {
    name.utf8.contains(UInt8(ascii: "/")) ? nil : StoragePath(text + "/" + name)
  }

  /// What holds it; nil: the base.
  package var folder: StoragePath? {
    text.lastIndex(of: "/").map { StoragePath(joined: String(text[..<$0])) }
  }

  package var name: String {
    text.lastIndex(of: "/").map { String(text[text.index(after: $0)...]) } ?? text
  }

  package var description: String { text }
}

/// The layout of the storage: where what of a device lies. No other file spells these names.
extension StoragePath {
  package static let clients = StoragePath(joined: "client_ids")

  package static func client(_ client: SafeName) -> StoragePath { clients.plain(client.text) }
  package static func devices(of client: SafeName) -> StoragePath { StoragePath.client(client).plain("device_id") }
  package static func device(_ pair: DevicePair) -> StoragePath { devices(of: pair.client).plain(pair.device.text) }

  /// The device whose folder this lies in, and where; nil: it lies in none.
  package var inDevice: (device: DevicePair, rest: String)? {
    let names = text.split(separator: "/", maxSplits: 4)
    guard names.count == 5, let client = SafeName(String(names[1])), let device = SafeName(String(names[3])) else {
      return nil
    }
    let pair = DevicePair(client: client, device: device)
    return text.hasPrefix(StoragePath.device(pair).text + "/") ? (pair, String(names[4])) : nil
  }

  package static func frames(_ pair: DevicePair) -> StoragePath { device(pair).plain("frames") }
  package static func frame(_ pair: DevicePair, _ eventID: SessionID, _ format: PictureFormat) -> StoragePath {
    frames(pair).plain("\(eventID).\(format.suffix)")
  }

  /// Where frames wait whose device is not known yet; only temporary files are in there.
  package static let incoming = StoragePath(joined: ".incoming")

  package static func incoming(_ eventID: SessionID) -> StoragePath { incoming.plain(eventID.text) }

  /// Links to the frames of a device, by what a client calls them.
  package static func secondaryKeys(of client: SafeName) -> StoragePath {
    StoragePath.client(client).plain("secondary_key")
  }
  package static func requests(of client: SafeName) -> StoragePath { StoragePath.client(client).plain("request_id") }

  package static func playlist(_ pair: DevicePair) -> StoragePath { device(pair).plain("hls").plain(playlistName) }
  package static func segments(_ pair: DevicePair) -> StoragePath { device(pair).plain("hls").plain("segments") }

  package static func segment(_ pair: DevicePair, _ number: UInt64) -> StoragePath {
    segments(pair).plain(SegmentName.text(number))
  }

  /// What an encoder writes for an owner, before it is published.
  package static func segmentTemporary(_ pair: DevicePair, _ number: UInt64, epoch: String) -> StoragePath {
    segments(pair).plain(".seg_\(number).\(epoch).tmp")
  }

  package static func archives(_ pair: DevicePair) -> StoragePath { device(pair).plain("archives") }

  package static func archive(_ pair: DevicePair, _ session: SessionID) -> StoragePath {
    archives(pair).plain(session.text)
  }

  package static func archivePlaylist(_ pair: DevicePair, _ session: SessionID) -> StoragePath {
    archive(pair, session).plain(playlistName)
  }

  package static func archiveRecord(_ pair: DevicePair, _ session: SessionID) -> StoragePath {
    archive(pair, session).plain("archive.json")
  }

  package static func archiveSegments(_ pair: DevicePair, _ session: SessionID) -> StoragePath {
    archive(pair, session).plain("segments")
  }

  package static func archiveSegment(_ pair: DevicePair, _ session: SessionID, _ number: UInt64) -> StoragePath {
    archiveSegments(pair, session).plain(SegmentName.text(number))
  }

  package static func media(_ pair: DevicePair) -> StoragePath { device(pair).plain("hls") }

  /// Whether a file of this name is on its way to another.
  package static func isTemporary(_ name: String) -> Bool { name.hasPrefix(".") && name.hasSuffix(".tmp") }

  private static let playlistName = "playlist.m3u8"

  private func plain(_ name: String) -> StoragePath { StoragePath(joined: text + "/" + name) }
}
