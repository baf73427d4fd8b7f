internal import Redis

/// The Lua scripts of the recorder: each one atomic decision on the keys of one partition.
enum FrameScripts {
  static let archiveBegin = script(PackageResources.archive_begin_lua)
  static let archiveEnter = script(PackageResources.archive_enter_lua)
  static let archiveRemove = script(PackageResources.archive_remove_lua)
  static let archiveStep = script(PackageResources.archive_step_lua)
  static let assert = script(PackageResources.assert_lua)
  static let begin = script(PackageResources.begin_lua)
  static let claim = script(PackageResources.claim_lua)
  static let commit = script(PackageResources.commit_lua)
  static let discard = script(PackageResources.discard_lua)
  static let end = script(PackageResources.end_lua)
  static let expireArchive = script(PackageResources.expire_archive_lua)
  static let finish = script(PackageResources.finish_lua)
  static let forgetDevice = script(PackageResources.forget_device_lua)
  static let leaveJob = script(PackageResources.leave_job_lua)
  static let looked = script(PackageResources.looked_lua)
  static let move = script(PackageResources.move_lua)
  static let read = script(PackageResources.read_lua)
  static let refuse = script(PackageResources.refuse_lua)
  static let release = script(PackageResources.release_lua)
  static let reset = script(PackageResources.reset_lua)
  static let seed = script(PackageResources.seed_lua)
  static let silent = script(PackageResources.silent_lua)
  static let takeJob = script(PackageResources.take_job_lua)
  static let touch = script(PackageResources.touch_lua)
  static let trim = script(PackageResources.trim_lua)

  /// The two that Redis refuses when it is full.
  static let intake = RedisScript(String(decoding: PackageResources.intake_lua, as: UTF8.self))
  static let bridge = RedisScript(String(decoding: PackageResources.bridge_lua, as: UTF8.self))

  private static func script(_ body: [UInt8]) -> RedisScript {
    RedisScript(String(decoding: PackageResources.prelude_lua + body, as: UTF8.self))
  }
}
