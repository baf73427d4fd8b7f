/// Reads format and size off a picture as its bytes go by, without decoding it and without holding more than 24 of them.
/// Of a JPEG the first frame header counts (ITU-T T.81 B.2.2), segments before it are stepped over by their lengths.
package struct PictureHeaderReader: Sendable {
  private enum State {
    case signature
    /// A PNG's first chunk. Exits: over.
    case imageHeader
    /// Up to the next FF. Exits: marker.
    case search
    /// Behind an FF. Exits: search, segment, frame.
    case marker
    /// The two bytes of its length. Exits: skip, search.
    case segment
    case skip(Int)
    /// A frame header. Exits: over.
    case frame
    case over(Outcome)
  }

  private enum Outcome {
    case size(width: UInt64, height: UInt64)
    case notAnImage
  }

  private static let jpegSignature: [UInt8] = [0xFF, 0xD8, 0xFF]
  private static let pngSignature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
  private static let pngBytes = 24
  /// Length, precision, height, width.
  private static let frameBytes = 7

  private var state = State.signature
  private var held: [UInt8] = []
  private var isEmpty = true
  /// Nil until the signature is there.
  package private(set) var format: PictureFormat?

  package init() {}

  /// There is no picture, whatever comes.
  package var isHopeless: Bool {
    if case .over(.notAnImage) = state { true } else { false }
  }

  package mutating func feed(_ bytes: ArraySlice<UInt8>) {
    var rest = bytes
    if !rest.isEmpty { isEmpty = false }
    while !rest.isEmpty {
      switch state {
      case .search:
        guard let found = rest.firstIndex(of: 0xFF) else { return }
        (rest, state) = (rest[(found + 1)...], .marker)
      case .skip(let count):
        let skipped = min(count, rest.count)
        rest = rest.dropFirst(skipped)
        state = skipped < count ? .skip(count - skipped) : .search
      case .over: return
      case .signature, .imageHeader, .marker, .segment, .frame: take(rest.removeFirst())
      }
    }
  }

  private mutating func take(_ byte: UInt8) {
    held.append(byte)
    switch state {
    case .signature: checkSignature()
    case .imageHeader where held.count == Self.pngBytes: endImageHeader()
    case .marker: endMarker(byte)
    case .segment where held.count == 2:
      let length = Int(held[0]) << 8 | Int(held[1])
      state = length > 2 ? .skip(length - 2) : .search
    case .frame where held.count == Self.frameBytes:
      state = .over(.size(width: number(5..<7), height: number(3..<5)))
    case .imageHeader, .segment, .frame, .search, .skip, .over: break
    }
  }

  private mutating func checkSignature() {
    if held == Self.jpegSignature {
      (format, state, held) = (.jpeg, .marker, [])
    } else if held == Self.pngSignature {
      (format, state) = (.png, .imageHeader)
    } else if !Self.jpegSignature.starts(with: held), !Self.pngSignature.starts(with: held) {
      state = .over(.notAnImage)
    }
  }

  private mutating func endImageHeader() {
    let isHeader = held[12..<16].elementsEqual("IHDR".utf8)
    state = .over(isHeader ? .size(width: number(16..<20), height: number(20..<24)) : .size(width: 0, height: 0))
  }

  private mutating func endMarker(_ marker: UInt8) {
    held = []
    switch marker {
    case 0xFF: break
    case 0x00, 0x01, 0xD0...0xD9: state = .search
    // SOF0…SOF15 but for DHT, JPG and DAC, which stand among them.
    case 0xC0...0xCF where marker != 0xC4 && marker != 0xC8 && marker != 0xCC: state = .frame
    default: state = .segment
    }
  }

  private func number(_ range: Range<Int>) -> UInt64 { held[range].reduce(0) { $0 << 8 | UInt64($1) } }

  /// At the end of the file: why the frame is refused; nil: it looks like a picture of at most `mostPixels`.
  package func refusal(mostPixels: Int) -> DeadLetterReason? {
    switch state {
    case .signature: isEmpty ? .empty : .notAnImage
    case .over(.notAnImage): .notAnImage
    case .over(.size(let width, let height)):
      if width == 0 || height == 0 {
        .undecodable
      } else {
        width.multipliedFullWidth(by: height).high > 0 || width * height > UInt64(max(0, mostPixels)) ? .tooLarge : nil
      }
    case .imageHeader, .search, .marker, .segment, .skip, .frame: .undecodable
    }
  }
}
