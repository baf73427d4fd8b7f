/// The form of a built-in profile that a device supports (api.md §4.1).
struct HardwareForm {
  private let support: HardwareSupport

  init(_ support: HardwareSupport) { self.support = support }

  /// Unchanged where there is no device, no encoder of it for this codec, or nothing to encode.
  func rewrite(_ list: ArgumentList) -> ArgumentList {
    let family = support.kind.family
    guard family != .none, !list.excludes("v"), let encoder = list.encoder(of: "v"),
      let codec = ["libx264": "h264", "libx265": "hevc"][encoder],
      support.encoders.contains("\(codec)_\(family.rawValue)")
    else { return list }
    var list = list
    list.inputOptions = inputOptions + list.inputOptions
    var output = list.outputOptions.compactMap { option($0, encoder: "\(codec)_\(family.rawValue)") }
    // Frames that the device could not decode are uploaded; those it decoded pass.
    if !output.contains(where: { $0.name == "vf" }) { output.insert(.init("vf", upload), at: 0) }
    list.outputOptions = output
    return list
  }

  private var inputOptions: [ArgumentList.Option] {
    let arguments = support.inputArguments
    return stride(from: 0, to: arguments.count, by: 2).map {
      .init(String(arguments[$0].dropFirst()), arguments[$0 + 1])
    }
  }

  private var upload: String { "format=nv12|\(isNVENC ? "cuda" : "vaapi"),hwupload" }
  private var isNVENC: Bool { support.kind.family == .nvenc }

  private func option(_ option: ArgumentList.Option, encoder: String) -> ArgumentList.Option? {
    switch option.name {
    case "c" where option.specifier == "v": .init("c", specifier: "v", encoder)
    case "vf": .init("vf", upload + "," + scale(option.value ?? ""))
    case "crf": .init(isNVENC ? "cq" : "qp", option.value)
    case "preset": isNVENC ? .init("preset", Self.nvencPreset(option.value ?? "")) : nil
    case "tune": isNVENC ? .init("tune", option.value == "zerolatency" ? "ull" : "hq") : nil
    default: option
    }
  }

  /// Of `scale=1280:720`.
  private func scale(_ filter: String) -> String {
    (isNVENC ? "scale_cuda=" : "scale_vaapi=") + filter.drop { $0 != "=" }.dropFirst()
  }

  private static func nvencPreset(_ name: String) -> String {
    switch name {
    case "ultrafast", "superfast", "veryfast": "p1"
    case "faster": "p3"
    case "slow": "p5"
    case "slower": "p6"
    case "veryslow", "placebo": "p7"
    default: "p4"
    }
  }
}
