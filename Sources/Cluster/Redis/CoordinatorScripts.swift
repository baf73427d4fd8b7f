internal import Redis

/// The Lua scripts of the coordinator: each one atomic decision about one stream, on the keys of one slot.
enum CoordinatorScripts {
  static let claim = ofStream(PackageResources.claim_lua)
  static let delete = ofStream(PackageResources.delete_lua)
  static let endWorker = ofStream(PackageResources.end_worker_lua)
  static let expire = ofStream(PackageResources.expire_lua)
  static let forget = ofStream(PackageResources.forget_lua)
  static let join = ofStream(PackageResources.join_lua)
  static let leave = ofStream(PackageResources.leave_lua)
  static let listClients = ofStream(PackageResources.list_clients_lua)
  static let read = ofStream(PackageResources.read_lua)
  static let readClient = ofStream(PackageResources.read_client_lua)
  static let reassert = ofStream(PackageResources.reassert_lua)
  static let refresh = ofStream(PackageResources.refresh_lua)
  static let register = ofStream(PackageResources.register_lua)
  static let release = ofStream(PackageResources.release_lua)
  static let remove = ofStream(PackageResources.remove_lua)
  static let report = ofStream(PackageResources.report_lua)
  static let settle = ofStream(PackageResources.settle_lua)
  static let stopIfIdle = ofStream(PackageResources.stop_if_idle_lua)
  static let touch = ofStream(PackageResources.touch_lua)
  static let update = ofStream(PackageResources.update_lua)

  static let althoughFull = alone(PackageResources.although_full_lua)
  static let announce = alone(PackageResources.announce_lua)
  static let clientsNow = alone(PackageResources.clients_now_lua)
  static let dropMember = alone(PackageResources.drop_member_lua)
  static let idleStreams = alone(PackageResources.idle_streams_lua)

  private static func ofStream(_ body: [UInt8]) -> RedisScript { alone(PackageResources.prelude_lua + body) }
  private static func alone(_ source: [UInt8]) -> RedisScript { RedisScript(String(decoding: source, as: UTF8.self)) }
}
