internal import Redis

/// The Lua scripts of the log: each one atomic decision on the keys of one stream. The media never passes through them.
enum LogScripts {
  static let open = script(PackageResources.open_lua)
  static let commit = script(PackageResources.commit_lua)
  static let raise = script(PackageResources.raise_lua)
  static let end = script(PackageResources.end_lua)
  static let drop = script(PackageResources.drop_lua)

  private static func script(_ source: [UInt8]) -> RedisScript { RedisScript(String(decoding: source, as: UTF8.self)) }
}
