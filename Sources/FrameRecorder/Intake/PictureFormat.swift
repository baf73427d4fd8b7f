/// What a frame's file may be.
package enum PictureFormat: Sendable, Equatable {
  /// ITU-T T.81
  case jpeg
  /// ISO/IEC 15948
  case png

  /// Of its file's name.
  package var suffix: String {
    switch self {
    case .jpeg: "jpg"
    case .png: "png"
    }
  }
}
