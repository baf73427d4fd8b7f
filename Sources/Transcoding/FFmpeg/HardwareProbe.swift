/// Finds out which hardware may be used (api.md §4.1), from what the machine and FFmpeg show and what the operator says.
package struct HardwareProbe: Sendable {
  /// HW_ACCEL_AVAILABLE, HW_ACCEL_TYPE, HW_ACCEL_DEVICE; nil where not set.
  package struct Settings: Sendable, Equatable {
    package var isAvailable: Bool?
    package var kind: HardwareSupport.Kind?
    package var device: String?

    package init(isAvailable: Bool? = nil, kind: HardwareSupport.Kind? = nil, device: String? = nil) {
      self.isAvailable = isAvailable
      self.kind = kind
      self.device = device
    }
  }

  /// A device that is there.
  package struct Node: Sendable, Equatable {
    /// `/dev/nvidia0`, `/dev/dri/renderD128`.
    package let path: String
    /// The PCI vendor as in `/sys/class/drm/<node>/device/vendor`: `0x8086`; nil where unknown.
    package let vendor: String?

    package init(path: String, vendor: String? = nil) {
      self.path = path
      self.vendor = vendor
    }
  }

  /// `encoders`: the text of `ffmpeg -encoders`. Pure.
  package static func decide(encoders text: String, nodes: [Node], settings: Settings) -> HardwareSupport {
    guard settings.isAvailable != false, settings.kind != .cpu else { return .none }
    let encoders = encoderNames(text)
    for candidate in candidates(nodes: nodes, settings: settings) {
      let usable = encoders.filter { $0.hasSuffix("_" + candidate.kind.family.rawValue) }
      if !usable.isEmpty {
        return HardwareSupport(kind: candidate.kind, device: candidate.device, encoders: usable)
      }
    }
    return .none
  }

  /// The devices in order of preference. What the operator names is believed without being seen.
  private static func candidates(
    nodes: [Node], settings: Settings
  ) -> [(kind: HardwareSupport.Kind, device: String?)] {
    let found = nodes.compactMap { node in Self.kind(of: node).map { (kind: $0, device: Self.device(of: node)) } }
      .sorted { $0.kind == .nvidia && $1.kind != .nvidia }
    let kind = settings.kind
    if let kind {
      let fitting = found.filter { $0.kind.family == kind.family }
      if let device = settings.device ?? fitting.first?.device { return [(kind, device)] }
      return settings.isAvailable == true ? [(kind, nil)] : []
    }
    if let device = settings.device {
      let isNumber = device.utf8.allSatisfy(ASCII.isDigit) || device.hasPrefix("/dev/nvidia")
      return [(found.first { $0.device == device }?.kind ?? (isNumber ? .nvidia : .vaapi), device)]
    }
    return found
  }

  private static func kind(of node: Node) -> HardwareSupport.Kind? {
    if node.path.hasPrefix("/dev/nvidia"), node.path.utf8.dropFirst(11).allSatisfy(ASCII.isDigit) { return .nvidia }
    guard node.path.hasPrefix("/dev/dri/renderD") else { return nil }
    switch node.vendor {
    case "0x8086": return .intel
    case "0x1002": return .amd
    case "0x10de": return nil
    default: return .vaapi
    }
  }

  private static func device(of node: Node) -> String {
    node.path.hasPrefix("/dev/nvidia") ? String(node.path.dropFirst(11)) : node.path
  }

  /// ` V....D h264_nvenc   NVIDIA NVENC H.264 encoder`
  private static func encoderNames(_ text: String) -> Set<String> {
    var names: Set<String> = []
    for line in text.split(whereSeparator: \.isNewline) {
      let words = line.split(separator: " ", maxSplits: 2)
      if words.count >= 2, words[0].hasPrefix("V") { names.insert(String(words[1])) }
    }
    return names
  }

  /// Leaves only the encoders that encode a picture on this machine: nodes and lists promise more than drivers keep.
  /// `run` runs FFmpeg with these arguments and gives its output, nil if it failed.
  package static func confirmed(
    _ support: HardwareSupport, run: @Sendable ([String]) async -> String?
  ) async -> HardwareSupport {
    var working: Set<String> = []
    let wanted = ["h264", "hevc"].map { "\($0)_\(support.kind.family.rawValue)" }
    for encoder in wanted where support.encoders.contains(encoder) {
      let hardware = Array(support.inputArguments.prefix(4))
      let upload = support.kind.family == .vaapi ? ["-vf", "format=nv12,hwupload"] : []
      let arguments =
        ["-nostdin", "-hide_banner", "-loglevel", "error"] + hardware
        + ["-f", "lavfi", "-i", "color=size=320x240:rate=5:duration=1"] + upload
        + ["-c:v", encoder, "-f", "null", "-"]
      if await run(arguments) != nil { working.insert(encoder) }
    }
    return working.isEmpty
      ? .none : HardwareSupport(kind: support.kind, device: support.device, encoders: working)
  }
}
