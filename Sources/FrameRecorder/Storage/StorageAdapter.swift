/// Where frames, segments and archives lie. Calls block: they belong on threads of their own, never on a loop. What is
/// under its final name is complete and durable, whatever dies.
///
/// No call makes `client_ids` on its way, but `create` of just that: whoever does that knows that there are no recordings. A base
/// without it may be what stays of a storage that is not mounted, and all that is to be written below it fails.
package protocol StorageAdapter: Sendable {
  /// A new object, written under a temporary name in the same folder, which is created where it is missing.
  func begin(_ path: StoragePath) throws(StorageError) -> any StorageUpload

  /// Makes a folder, and those that hold it, where they are missing; durable.
  func create(_ folder: StoragePath) throws(StorageError)

  /// Gives a complete and durable file another, final name in its folder; `exists`: that name is taken, both stay.
  func publish(_ temporary: StoragePath, as path: StoragePath) throws(StorageError)

  /// The bytes of `range` that there are; nil: all. At most `Int.max` of an object that grows meanwhile.
  func read(_ path: StoragePath, _ range: Range<Int>?) throws(StorageError) -> [UInt8]

  /// An object to be read in parts; it stays readable when its name goes. A link at the end is not followed: `outside`.
  func open(_ path: StoragePath) throws(StorageError) -> any StorageReader

  /// Calls `visit` with each entry of a folder, in no order, until it answers false. A missing folder is an empty one.
  func list(_ folder: StoragePath, _ visit: (StorageEntry) -> Bool) throws(StorageError)

  /// Nil: there is nothing. Links are not followed at the end.
  func look(_ path: StoragePath) throws(StorageError) -> StorageEntry?

  /// A file, a link, or an empty folder. False: there was nothing, or the folder has entries.
  @discardableResult func delete(_ path: StoragePath) throws(StorageError) -> Bool

  /// A folder with all that is in it; links in it are not followed. False: there was nothing.
  @discardableResult func deleteFolder(_ path: StoragePath) throws(StorageError) -> Bool

  /// A second name for an object, or a copy of it where there can be none. Durable after `sync` of the folder.
  func share(_ source: StoragePath, as path: StoragePath) throws(StorageError)

  /// A new symbolic link with this text, in place of a link that is there; `exists`: something else is.
  func link(_ path: StoragePath, to target: String) throws(StorageError)

  /// Makes the names in a folder durable.
  func sync(_ folder: StoragePath) throws(StorageError)

  /// A storage that has been away is found again by it.
  func space() throws(StorageError) -> StorageSpace

  /// The device whose folder this one is: itself, or the one that its link leads to.
  func device(_ pair: DevicePair) throws(StorageError) -> DevicePair
}

/// An object that is open. What it holds goes with it.
package protocol StorageReader: AnyObject, Sendable {
  /// Bytes, when it was opened.
  var size: Int { get }
  var modified: FrameTime { get }

  /// The bytes of `range` that there are. Blocks, as all calls of a storage.
  func read(_ range: Range<Int>) throws(StorageError) -> [UInt8]
}

/// An object on its way. Unless it is finished it leaves nothing behind.
package protocol StorageUpload: AnyObject {
  /// After an error only `abandon` is left.
  func write(_ bytes: UnsafeRawBufferPointer) throws(StorageError)

  /// Durable under its final name. `exists`: unless `replaces`, that name is taken and stays as it is.
  func finish(replaces: Bool) throws(StorageError)

  /// Durable under its temporary name, which is answered: for `publish` or `delete`.
  func keep() throws(StorageError) -> StoragePath

  func abandon()
}

extension StorageAdapter {
  /// Writes a small object; `exists`: unless `replaces`, there is one.
  package func put(_ bytes: [UInt8], at path: StoragePath, replaces: Bool = false) throws(StorageError) {
    let upload = try begin(path)
    defer { upload.abandon() }
    let written = bytes.withUnsafeBytes { raw in
      Result { () throws(StorageError) in try upload.write(raw) }
    }
    try written.get()
    try upload.finish(replaces: replaces)
  }
}
