/// A white circle on black: whoever stretches it makes it no circle.
package enum CirclePicture {
  /// Its diameter in parts of the picture's shorter side.
  package static let diameter = 0.96

  /// Columns and rows that have white in them.
  package struct Extent: Equatable, Sendable {
    package let width: Int
    package let height: Int

    /// 1 for a circle.
    package var aspect: Double { Double(width) / Double(height) }
  }

  /// For `FrameMaker.pictures(of:)`; sizes in pixels.
  package static func source(width: Int, height: Int) -> String {
    "color=black:size=\(width)x\(height):rate=1,format=gray,"
      + "geq=lum='if(lt(hypot(X-W/2+0.5,Y-H/2+0.5),min(W,H)*\(diameter / 2)),255,0)'"
  }

  /// Of what is white in a luma plane.
  package static func extent(_ luma: ArraySlice<UInt8>, width: Int) -> Extent {
    var columns = [Bool](repeating: false, count: width)
    var height = 0
    for row in stride(from: luma.startIndex, to: luma.endIndex, by: width) {
      var isEmpty = true
      for column in 0..<width where luma[row + column] > 127 {
        columns[column] = true
        isEmpty = false
      }
      if !isEmpty { height += 1 }
    }
    return Extent(width: columns.count { $0 }, height: height)
  }
}
