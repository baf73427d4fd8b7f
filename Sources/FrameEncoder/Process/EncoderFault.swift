internal import Glibc

/// Breaks the encoder on purpose, for tests of what is around it: on a picture whose lower right corner, an eighth of its
/// width and height, is white.
///
/// `MILLRACE_ENCODER_FAULT=crash` ends the process by SIGABRT, `hang` lets it hang. Nothing sets it but tests.
struct EncoderFault {
  private static let variable = "MILLRACE_ENCODER_FAULT"

  private enum Kind: String { case crash, hang }

  private let kind: Kind

  /// Nil without the variable.
  init?() {
    guard let text = getenv(Self.variable), let kind = Kind(rawValue: String(cString: text)) else { return nil }
    self.kind = kind
  }

  func strike(_ picture: Picture) {
    guard Self.isMarked(picture) else { return }
    switch kind {
    case .crash: abort()
    case .hang: while true { pause() }
    }
  }

  private static func isMarked(_ picture: Picture) -> Bool {
    guard picture.isEncodable, let luma = picture.planes[0].base else { return false }
    let (width, height) = (picture.size.width, picture.size.height)
    let row = luma + (height - height / 16) * Int(picture.planes[0].stride)
    return (width - width / 12..<width - width / 24).allSatisfy { row[$0] >= 235 }
  }
}
