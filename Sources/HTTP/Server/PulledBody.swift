/// A body that is made while it is written: the next piece is asked for when the last one is in the socket, so that a slow
/// client costs one piece of memory. The connection goes on afterwards.
package struct PulledBody: Sendable {
  /// Bytes of all pieces together; nil: nobody knows before the end.
  let length: Int?
  let next: @Sendable () async throws -> [UInt8]

  /// `next`: the next piece, empty at the end. It is called for one piece at a time, and is cancelled when the client
  /// leaves; what it holds is let go of then. If it throws, or the pieces are more or less than `length`, the connection
  /// ends, so that the client knows that the body is cut short.
  package init(length: Int?, next: @escaping @Sendable () async throws -> [UInt8]) {
    self.length = length.map { max(0, $0) }
    self.next = next
  }
}
