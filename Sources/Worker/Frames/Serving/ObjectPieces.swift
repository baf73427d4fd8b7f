internal import FrameRecorder
internal import HTTP
internal import Synchronization

/// A part of an open object, read off the loops in bounded pieces.
final class ObjectPieces: Sendable {
  private let reader: any StorageReader
  private let range: Range<Int>
  private let device: DevicePair
  private let storage: StorageThreads
  /// Bytes that were read.
  private let count = Atomic<Int>(0)
  private static let pieceBytes = 131_072

  init(_ reader: any StorageReader, _ range: Range<Int>, of device: DevicePair, _ storage: StorageThreads) {
    (self.reader, self.range, self.device, self.storage) = (reader, range, device, storage)
  }

  var body: PulledBody { PulledBody(length: range.count) { [self] in try await next() } }

  private func next() async throws -> [UInt8] {
    let start = range.lowerBound + count.load(ordering: .relaxed)
    let part = start..<min(start + Self.pieceBytes, range.upperBound)
    let bytes = try await storage.run(device) { [reader] _ throws(StorageError) in try reader.read(part) }
    count.add(bytes.count, ordering: .relaxed)
    return bytes
  }
}
