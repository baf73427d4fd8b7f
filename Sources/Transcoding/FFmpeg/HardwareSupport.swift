/// The hardware that built-in profiles may use.
package struct HardwareSupport: Sendable, Equatable {
  /// HW_ACCEL_TYPE and the `type` of GET /info.
  package enum Kind: String, Sendable, CaseIterable {
    case nvidia, intel, amd, vaapi, cpu

    var family: Family {
      switch self {
      case .nvidia: .nvenc
      case .intel, .amd, .vaapi: .vaapi
      case .cpu: .none
      }
    }
  }

  /// How encoders and filters of a kind are named.
  enum Family: String { case nvenc, vaapi, none }

  package let kind: Kind
  /// A node below /dev/dri, or for nvidia the number of the card.
  package let device: String?
  /// FFmpeg's names of the encoders that may be used.
  package let encoders: Set<String>

  package static let none = HardwareSupport(kind: .cpu, device: nil, encoders: [])
  package var isAvailable: Bool { kind != .cpu }

  /// The options before the input, as GET /info shows them.
  package var inputArguments: [String] {
    switch kind.family {
    case .none: []
    case .nvenc:
      [
        "-init_hw_device", "cuda=hw:\(device ?? "0")", "-filter_hw_device", "hw", "-hwaccel", "cuda",
        "-hwaccel_output_format", "cuda",
      ]
    case .vaapi:
      [
        "-init_hw_device", "vaapi=hw:\(device ?? "/dev/dri/renderD128")", "-filter_hw_device", "hw", "-hwaccel",
        "vaapi", "-hwaccel_output_format", "vaapi",
      ]
    }
  }
}
