/// Width and height of a picture in pixels.
package struct PictureSize: Equatable, Hashable, Sendable {
  package var width: Int
  package var height: Int

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  package var pixels: Int { width.multipliedReportingOverflow(by: height).partialValue }
}
