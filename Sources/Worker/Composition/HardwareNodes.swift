internal import Foundation
internal import Transcoding

/// The device nodes of this machine that an encoder may stand behind.
enum HardwareNodes {
  static func present() -> [HardwareProbe.Node] {
    let files = FileManager.default
    let render = (try? files.contentsOfDirectory(atPath: "/dev/dri")) ?? []
    let nvidia = (try? files.contentsOfDirectory(atPath: "/dev")) ?? []
    return render.filter { $0.hasPrefix("renderD") }.sorted().map { name in
      let vendor = try? String(contentsOfFile: "/sys/class/drm/\(name)/device/vendor", encoding: .utf8)
      return HardwareProbe.Node(
        path: "/dev/dri/\(name)", vendor: vendor?.trimmingCharacters(in: .whitespacesAndNewlines))
    }
      + nvidia.filter { $0.hasPrefix("nvidia") && Int($0.dropFirst(6)) != nil }.sorted().map {
        HardwareProbe.Node(path: "/dev/\($0)")
      }
  }
}
