internal import Redis

/// The Lua scripts of membership.
enum MembershipScripts {
  static let renewLease = script(PackageResources.renew_lease_lua)
  static let releaseLease = script(PackageResources.release_lease_lua)
  static let unlistWorker = script(PackageResources.unlist_worker_lua)
  /// On the keys of one stream, with the coordinator's prelude.
  static let abandon = script(PackageResources.prelude_lua + PackageResources.abandon_lua)

  private static func script(_ source: [UInt8]) -> RedisScript { RedisScript(String(decoding: source, as: UTF8.self)) }
}
