/// White text in a dark box on a grey picture, as a watermark is.
package enum DrawnText {
  /// Pixels that are not as the text wants them: white where it covers them, dark in the box around, grey outside.
  /// - Parameters:
  ///   - luma: a plane of rows of `width` pixels; the grey is 128.
  ///   - coverage: of the pixel in this column and row by the text, 0…255; nil outside the box.
  package static func mismatches(
    _ luma: ArraySlice<UInt8>, width: Int, _ coverage: (_ x: Int, _ y: Int) -> UInt8?
  ) -> Int {
    luma.enumerated().count { position, value in
      switch coverage(position % width, position / width) {
      case 255?: value < 200
      case 0?: value > 80
      case nil: abs(Int(value) - 128) > 40
      case .some: false
      }
    }
  }
}
