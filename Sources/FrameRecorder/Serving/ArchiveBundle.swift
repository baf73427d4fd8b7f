internal import CArchive

/// What an archive holds, as one file that is made while it is read: nothing is compressed, and no more than a piece of it
/// is ever in memory.
// Safe: its calls block, and are made one after the other.
package final class ArchiveBundle: @unchecked Sendable {
  package enum Format: String, CaseIterable, Sendable {
    case zip, tar
  }

  private enum State {
    case entry(Int)
    case data(Int, any StorageReader, offset: Int)
    case over
  }

  /// What libarchive has written and nobody has taken.
  private final class Output {
    var bytes: [UInt8] = []
  }

  private let adapter: any StorageAdapter
  private let items: [(path: StoragePath, name: String)]
  private let writer: OpaquePointer
  private let output = Output()
  private var state = State.entry(0)
  private static let pieceBytes = 131_072
  private static let readBytes = 65_536

  /// All that there is of an archive now; `missing`: there is none.
  package init(
    _ device: DevicePair, _ session: SessionID, _ format: Format, in adapter: any StorageAdapter
  ) throws(StorageError) {
    items = try Self.items(device, session, adapter)
    guard let writer = archive_write_new() else { throw Self.error("there is no memory") }
    (self.adapter, self.writer) = (adapter, writer)
    try check(format == .zip ? archive_write_set_format_zip(writer) : archive_write_set_format_ustar(writer))
    if format == .zip { try check(archive_write_zip_set_compression_store(writer)) }
    try check(archive_write_set_bytes_per_block(writer, 0))
    try check(
      archive_write_open(
        writer, Unmanaged.passUnretained(output).toOpaque(), nil,
        { _, context, bytes, count in
          guard let context, let bytes else { return -1 }
          let output = Unmanaged<Output>.fromOpaque(context).takeUnretainedValue()
          output.bytes += UnsafeRawBufferPointer(start: bytes, count: count)
          return count
        }, nil))
  }

  deinit {
    // Else what is left would be written.
    archive_write_fail(writer)
    archive_write_free(writer)
  }

  /// The next piece; empty at the end.
  package func next() throws(StorageError) -> [UInt8] {
    while output.bytes.count < Self.pieceBytes {
      if case .over = state { break }
      try step()
    }
    let piece = output.bytes
    output.bytes = []
    return piece
  }

  private func step() throws(StorageError) {
    switch state {
    case .entry(let place) where place == items.count:
      try check(archive_write_close(writer))
      state = .over
    case .entry(let place):
      let reader = try adapter.open(items[place].path)
      try begin(items[place].name, reader)
      state = .data(place, reader, offset: 0)
    case .data(let place, let reader, let offset) where offset == reader.size:
      try check(archive_write_finish_entry(writer))
      state = .entry(place + 1)
    case .data(let place, let reader, let offset):
      let bytes = try reader.read(offset..<min(offset + Self.readBytes, reader.size))
      guard !bytes.isEmpty else { throw Self.error("\(items[place].path) is shorter than it was") }
      guard bytes.withUnsafeBytes({ archive_write_data(writer, $0.baseAddress, $0.count) }) == bytes.count else {
        throw failure
      }
      state = .data(place, reader, offset: offset + bytes.count)
    case .over: break
    }
  }

  private func begin(_ name: String, _ reader: any StorageReader) throws(StorageError) {
    guard let entry = archive_entry_new() else { throw Self.error("there is no memory") }
    defer { archive_entry_free(entry) }
    archive_entry_set_pathname(entry, name)
    archive_entry_set_filetype(entry, UInt32(0o100000))
    archive_entry_set_perm(entry, 0o644)
    archive_entry_set_size(entry, Int64(reader.size))
    archive_entry_set_mtime(entry, Int(reader.modified.milliseconds / 1_000), 0)
    try check(archive_write_header(writer, entry))
  }

  private static func items(
    _ device: DevicePair, _ session: SessionID, _ adapter: any StorageAdapter
  ) throws(StorageError) -> [(path: StoragePath, name: String)] {
    var paths: [StoragePath] = []
    for path in [StoragePath.archiveRecord(device, session), .archivePlaylist(device, session)] {
      guard try adapter.look(path)?.kind == .file else {
        throw StorageError(code: .missing, operation: "pack", path: path.text, reason: "it is not there")
      }
      paths.append(path)
    }
    var numbers: [UInt64] = []
    try adapter.list(.archiveSegments(device, session)) { entry in
      if entry.kind == .file, let number = SegmentName.number(of: entry.name) { numbers.append(number) }
      return true
    }
    paths += numbers.sorted().map { .archiveSegment(device, session, $0) }
    let above = StoragePath.archives(device).text.utf8.count + 1
    return paths.map { ($0, String(decoding: $0.text.utf8.dropFirst(above), as: UTF8.self)) }
  }

  private func check(_ code: Int32) throws(StorageError) {
    if code != ARCHIVE_OK { throw failure }
  }

  private var failure: StorageError {
    Self.error(archive_error_string(writer).map { String(cString: $0) } ?? "libarchive failed")
  }

  private static func error(_ reason: String) -> StorageError {
    StorageError(code: .failed, operation: "pack", path: "an archive", reason: reason)
  }
}
