package import Redis

/// The Lua scripts of the recorder: each one atomic decision on the keys of one partition.
package enum FrameScript: String, CaseIterable, Sendable {
  case archiveBegin, archiveEnter, archiveRemove, archiveStep, assert, begin, bridge, claim, commit, discard, end
  case expireArchive, finish, forgetDevice, intake, leaveJob, looked, move, read, refuse, release, reset, seed, silent
  case takeJob, touch, trim

  /// As Redis knows it.
  package var redis: RedisScript { Self.made[self, default: make()] }

  private static let made = Dictionary(uniqueKeysWithValues: allCases.map { ($0, $0.make()) })

  private func make() -> RedisScript {
    let prelude = isRefusedByAFullRedis ? [] : PackageResources.prelude_lua
    return RedisScript(String(decoding: prelude + body, as: UTF8.self))
  }

  /// Those two Redis refuses when it is full; the prelude asks it to run the others all the same.
  private var isRefusedByAFullRedis: Bool { self == .intake || self == .bridge }

  private var body: [UInt8] {
    switch self {
    case .archiveBegin: PackageResources.archive_begin_lua
    case .archiveEnter: PackageResources.archive_enter_lua
    case .archiveRemove: PackageResources.archive_remove_lua
    case .archiveStep: PackageResources.archive_step_lua
    case .assert: PackageResources.assert_lua
    case .begin: PackageResources.begin_lua
    case .bridge: PackageResources.bridge_lua
    case .claim: PackageResources.claim_lua
    case .commit: PackageResources.commit_lua
    case .discard: PackageResources.discard_lua
    case .end: PackageResources.end_lua
    case .expireArchive: PackageResources.expire_archive_lua
    case .finish: PackageResources.finish_lua
    case .forgetDevice: PackageResources.forget_device_lua
    case .intake: PackageResources.intake_lua
    case .leaveJob: PackageResources.leave_job_lua
    case .looked: PackageResources.looked_lua
    case .move: PackageResources.move_lua
    case .read: PackageResources.read_lua
    case .refuse: PackageResources.refuse_lua
    case .release: PackageResources.release_lua
    case .reset: PackageResources.reset_lua
    case .seed: PackageResources.seed_lua
    case .silent: PackageResources.silent_lua
    case .takeJob: PackageResources.take_job_lua
    case .touch: PackageResources.touch_lua
    case .trim: PackageResources.trim_lua
    }
  }
}
