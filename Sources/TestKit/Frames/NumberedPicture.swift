/// A picture that carries its number, so that counting frames after any encoding is reading them: 24 bits and 8 to check
/// them, as black and white cells of 1/16 of its width and height in its first two rows. Below it is grey.
package enum NumberedPicture {
  /// Numbers are 0..<maxNumber.
  package static let maxNumber = 1 << 24
  private static let columns = 16
  private static let rows = 2

  /// Its luma, row by row. `isMarked`: its lower right corner is white, which is where faults are put in.
  package static func luma(_ number: Int, width: Int, height: Int, isMarked: Bool = false) -> [UInt8] {
    let ramp = (0..<width + 256).map { UInt8(64 + $0 / 2 % 96) }
    var luma: [UInt8] = []
    luma.reserveCapacity(width * height)
    let code = code(number)
    let bands = (0..<rows).map { row in
      (0..<width).map { code >> (row * columns + $0 * columns / width) & 1 == 1 ? UInt8(255) : 0 }
    }
    for y in 0..<height {
      let row = y * columns / height
      if row < rows {
        luma += bands[row]
      } else {
        let shift = (y / 2 + number * 5) % 192
        luma += ramp[shift..<shift + width]
        if isMarked, y >= height - height / 8 {
          luma.replaceSubrange((luma.count - width / 8)..., with: repeatElement(255, count: width / 8))
        }
      }
    }
    return luma
  }

  /// The number in a luma plane; nil if there is none, as in black, in a torn and in another picture.
  package static func read(_ luma: ArraySlice<UInt8>, width: Int, height: Int) -> Int? {
    var code = 0
    for bit in 0..<columns * rows {
      let x = (2 * (bit % columns) + 1) * width / (2 * columns)
      let y = (2 * (bit / columns) + 1) * height / (2 * columns)
      let values = (-1...1).map { Int(luma[luma.startIndex + y * width + x + $0]) }
      if values.reduce(0, +) > 3 * 128 { code |= 1 << bit }
    }
    let number = code & (maxNumber - 1)
    return self.code(number) == code ? number : nil
  }

  /// The check bits in front; never 0, so that black is no number.
  private static func code(_ number: Int) -> Int {
    let sum = (number ^ number >> 8 ^ number >> 16 ^ 0xA5) &* 0x9D & 0xFF
    return sum << 24 | number & (maxNumber - 1)
  }
}
