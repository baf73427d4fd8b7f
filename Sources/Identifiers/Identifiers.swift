/// The id of a stream: 32 lower-case hexadecimal digits, made of its URL and profile (api.md §3).
package struct StreamID: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  /// Nil unless `text` is 32 lower-case hexadecimal digits.
  package init?(_ text: String) {
    let digits = text.utf8
    guard digits.count == 32, digits.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }) else {
      return nil
    }
    self.text = text
  }

  /// The id whose digits are those of a 16-byte digest. Longer digests are cut, shorter ones padded with zeros.
  package init(digest: some Sequence<UInt8>) {
    var digits: [UInt8] = []
    digits.reserveCapacity(32)
    let alphabet = Array("0123456789abcdef".utf8)
    for byte in digest.prefix(16) {
      digits.append(alphabet[Int(byte >> 4)])
      digits.append(alphabet[Int(byte & 15)])
    }
    while digits.count < 32 { digits.append(0x30) }
    text = String(decoding: digits, as: UTF8.self)
  }

  package var description: String { text }
}

/// The id of a client of a stream: 1 to 128 characters of `A–Z a–z 0–9 . _ ~ : @ -` (api.md §2.4).
package struct ClientID: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package init?(_ text: String) {
    let characters = text.utf8
    guard (1...128).contains(characters.count), characters.allSatisfy(Self.isAllowed) else { return nil }
    self.text = text
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
    case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"), UInt8(ascii: "@"),
      UInt8(ascii: "-"):
      true
    default: false
    }
  }

  package var description: String { text }
}

/// The id of a worker, unique in the cluster: what stands in `workers` and in a stream's `owner`.
package struct WorkerID: Hashable, Sendable, CustomStringConvertible {
  package let text: String

  package init(_ text: String) { self.text = text }

  package var description: String { text }
}

/// The fencing number of one ownership of a stream. A later ownership has a greater one; microseconds of the store's
/// clock at the claim, or more (design.md §3), so that it grows even over a store that has lost everything.
package struct Epoch: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let value: UInt64

  package init(_ value: UInt64) { self.value = value }

  package static let none = Epoch(0)
  package static func < (left: Epoch, right: Epoch) -> Bool { left.value < right.value }
  package var description: String { String(value) }
}

/// The number of a chunk in its stream's log. Counts from 1 and never goes back, whoever owns the stream.
package struct ChunkNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let value: UInt64

  package init(_ value: UInt64) { self.value = value }

  package var next: ChunkNumber { ChunkNumber(value + 1) }
  package static func < (left: ChunkNumber, right: ChunkNumber) -> Bool { left.value < right.value }
  package var description: String { String(value) }
}

/// The number of an HLS segment in its stream. Counts from 0 and never goes back, whoever owns the stream.
package struct SegmentNumber: Hashable, Comparable, Sendable, CustomStringConvertible {
  package let value: UInt64

  package init(_ value: UInt64) { self.value = value }

  package var next: SegmentNumber { SegmentNumber(value + 1) }
  package static func < (left: SegmentNumber, right: SegmentNumber) -> Bool { left.value < right.value }
  package var description: String { String(value) }
}
