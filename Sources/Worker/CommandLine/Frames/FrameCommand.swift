package import FrameRecorder

/// What the commands that keep recordings are asked to do.
package struct FrameCommand: Hashable, Sendable {
  package enum Work: Hashable, Sendable {
    case checkOffline(once: Bool)
    case cleanup
    case cleanArchives
    case reset(DevicePair, DeviceReset.Options)
    case repairArchives(ArchiveRepair.Options)
  }

  package var work: Work
  /// Where its metrics are written at the end.
  package var metricsFile: String?
}

/// Why a command line asks for nothing that can be done.
struct FrameCommandProblem: Error {
  let text: String
}

extension FrameCommand {
  /// `options`: those of `FrameOption` that were given, with their values.
  init(_ command: Command, _ options: [FrameOption: String]) throws(FrameCommandProblem) {
    work = try Self.work(command, options)
    metricsFile = options[.metricsFile]
  }

  private static func work(
    _ command: Command, _ options: [FrameOption: String]
  ) throws(FrameCommandProblem) -> Work {
    switch command {
    case .cleanup: return .cleanup
    case .archiveCleanup: return .cleanArchives
    case .resetDevice: return try reset(options)
    case .archiveRepair: return .repairArchives(try repair(options))
    default:
      guard options[.continuous] == nil || options[.once] == nil else {
        throw FrameCommandProblem(text: "--continuous and --once: one of them at a time")
      }
      return .checkOffline(once: options[.once] != nil)
    }
  }

  private static func reset(_ options: [FrameOption: String]) throws(FrameCommandProblem) -> Work {
    guard let client = options[.clientID], let device = options[.deviceID] else {
      throw FrameCommandProblem(text: "reset-device: name the device: millrace reset-device -c CLIENT -d DEVICE")
    }
    guard let clientName = SafeName(sanitising: client), let deviceName = SafeName(sanitising: device) else {
      throw FrameCommandProblem(text: "reset-device: ids have 1 to 128 characters")
    }
    let wanted = DeviceReset.Options(
      isDry: options[.dryRun] != nil, skipsRedis: options[.skipRedis] != nil,
      skipsStorage: options[.skipStorage] != nil)
    return .reset(DevicePair(client: clientName, device: deviceName), wanted)
  }

  private static func repair(
    _ options: [FrameOption: String]
  ) throws(FrameCommandProblem) -> ArchiveRepair.Options {
    var wanted = ArchiveRepair.Options(remuxes: options[.remux] != nil)
    if let text = options[.session] {
      wanted.session = SessionID(text)
      if wanted.session == nil { throw FrameCommandProblem(text: "--session: it must be a UUID in lower case") }
    }
    if let text = options[.device] {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { SafeName(sanitising: String($0)) }
      guard parts.count == 2, let client = parts[0], let device = parts[1] else {
        throw FrameCommandProblem(text: "--device: it must be CLIENT/DEVICE")
      }
      wanted.device = DevicePair(client: client, device: device)
    }
    if let text = options[.limit] {
      wanted.limit = Int(text).flatMap { (1...1_000_000).contains($0) ? $0 : nil }
      if wanted.limit == nil { throw FrameCommandProblem(text: "--limit: it must be 1 to 1000000") }
    }
    return wanted
  }
}
