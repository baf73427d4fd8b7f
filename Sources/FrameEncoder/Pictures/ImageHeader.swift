internal import FrameEncoding
internal import Glibc

/// What a picture's file says of itself, before anything is decoded.
struct ImageHeader: Equatable {
  enum Format {
    /// ITU-T T.81
    case jpeg
    /// ISO/IEC 15948
    case png
  }

  let format: Format
  /// The largest that it announces; nil if it announces none.
  private(set) var size: PictureSize?
  /// Whether a JPEG has its end marker. True for a PNG: a cut one does not decode.
  private(set) var isWhole = true

  /// Nil if the bytes begin with no signature known.
  init?(_ bytes: UnsafeRawBufferPointer) {
    if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
      format = .jpeg
      isWhole = false
      scanMarkers(bytes)
    } else if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
      format = .png
      size = Self.pngSize(bytes)
    } else {
      return nil
    }
  }

  private static func pngSize(_ bytes: UnsafeRawBufferPointer) -> PictureSize? {
    guard bytes.count >= 24, bytes[12..<16].elementsEqual("IHDR".utf8) else { return nil }
    let number = { (at: Int) in bytes[at..<at + 4].reduce(0) { $0 << 8 | Int($1) } }
    return PictureSize(width: number(16), height: number(20))
  }

  /// From marker to marker, over segments by their length: a thumbnail's end marker is not the picture's.
  private mutating func scanMarkers(_ bytes: UnsafeRawBufferPointer) {
    var position = 2
    while let at = Self.marker(in: bytes, from: position) {
      let marker = bytes[at + 1]
      position = at + 2
      switch marker {
      case 0xD9:
        isWhole = true
        return
      case 0x01, 0xD0...0xD8: continue
      default:
        guard position + 2 <= bytes.count else { return }
        if Self.beginsFrame(marker) { takeFrame(bytes, at: position) }
        position += max(2, Int(bytes[position]) << 8 | Int(bytes[position + 1]))
      }
    }
  }

  /// SOF0…SOF15 but for DHT, JPG and DAC, which stand among them.
  private static func beginsFrame(_ marker: UInt8) -> Bool {
    (0xC0...0xCF).contains(marker) && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
  }

  private mutating func takeFrame(_ bytes: UnsafeRawBufferPointer, at position: Int) {
    guard position + 7 <= bytes.count else { return }
    let height = Int(bytes[position + 3]) << 8 | Int(bytes[position + 4])
    let width = Int(bytes[position + 5]) << 8 | Int(bytes[position + 6])
    let size = PictureSize(width: width, height: height)
    if size.pixels >= self.size?.pixels ?? 0 { self.size = size }
  }

  /// Where the next marker begins: FF with neither a stuffed 00 nor a fill FF behind it.
  private static func marker(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    var position = start
    while position + 1 < bytes.count {
      guard let found = memchr(base + position, 0xFF, bytes.count - 1 - position) else { return nil }
      let at = UnsafeRawPointer(found) - base
      if bytes[at + 1] != 0, bytes[at + 1] != 0xFF { return at }
      position = at + 1
    }
    return nil
  }
}
