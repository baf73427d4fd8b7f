internal import CPulsar

/// The id of a message, as the library wants it back.
// Safe: the id is not changed by anybody; the library's functions on it are for any thread.
final class PulsarReceipt: MessageReceipt, @unchecked Sendable {
  let id: OpaquePointer
  private let library: PulsarLibrary

  /// Takes the id over.
  init(_ id: OpaquePointer, _ library: PulsarLibrary) { (self.id, self.library) = (id, library) }

  deinit { library.functions.message_id_free(id) }
}
