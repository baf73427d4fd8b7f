/// Bytes that Redis answered: immutable, shared by reference.
// Safe: the memory is written in `init` only.
package final class RedisBulk: @unchecked Sendable {
  private let bytes: UnsafeRawBufferPointer

  /// A copy of `bytes`.
  package init(copying bytes: UnsafeRawBufferPointer) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    copy.copyMemory(from: bytes)
    self.bytes = UnsafeRawBufferPointer(copy)
  }

  deinit { bytes.deallocate() }

  package var count: Int { bytes.count }

  /// The pointer is good for the time of `body`.
  package func withBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { withExtendedLifetime(self) { body(bytes) } }

  /// As UTF-8; what is none is replaced.
  package var text: String { withBytes { String(decoding: $0, as: UTF8.self) } }
}
