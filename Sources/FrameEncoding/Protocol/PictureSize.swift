/// Width and height of a picture in pixels.
package struct PictureSize: Equatable, Hashable, Sendable, CustomStringConvertible {
  package var width: Int
  package var height: Int

  package init(width: Int, height: Int) {
    self.width = width
    self.height = height
  }

  /// `1920x1080`; nil for anything else.
  package init?(_ text: String) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let width = parts[0], let height = parts[1], width >= 0, height >= 0 else { return nil }
    self.init(width: width, height: height)
  }

  package var pixels: Int { width.multipliedReportingOverflow(by: height).partialValue }

  package var description: String { "\(width)x\(height)" }
}
