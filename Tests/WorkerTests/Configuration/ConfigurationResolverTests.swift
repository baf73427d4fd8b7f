import Foundation
import Testing

@testable import Worker

@Suite struct ConfigurationResolverTests {
  private func given(_ origin: SettingOrigin, _ pairs: [String: String]) -> [GivenSetting] {
    pairs.sorted { $0.key < $1.key }.map { GivenSetting(name: $0.key, value: $0.value, origin: origin) }
  }

  private func resolver(
    flags: [String: String] = [:], environment: [String: String] = [:], file: [String: String] = [:],
    dotEnv: [String: String] = [:]
  ) -> ConfigurationResolver {
    ConfigurationResolver(
      flags: given(.flag, flags), environment: given(.environment, environment),
      file: given(.file("m.yaml", line: 3), file), dotEnv: given(.file(".env", line: 2), dotEnv))
  }

  private func problems(_ resolver: ConfigurationResolver) -> [String] {
    do throws(ConfigurationError) {
      _ = try resolver.resolve()
      return []
    } catch {
      return error.problems.map(\.description)
    }
  }

  @Test func theStrongestSourceWins() throws {
    var names: [[String: String]] = [["PORT": "1"], ["port": "2"], ["Port": "3"], ["PORT": "4"]]
    for (port, origin) in zip(
      UInt16(1)..., [SettingOrigin.flag, .environment, .file("m.yaml", line: 3), .file(".env", line: 2), .standard])
    {
      let all = names + Array(repeating: [:], count: 5)
      let effective = try resolver(flags: all[0], environment: all[1], file: all[2], dotEnv: all[3]).resolve()
      #expect(effective.configuration.server.port == (port == 5 ? 8085 : port))
      #expect((effective.origins["PORT"] ?? .standard) == origin)
      if port <= 4 { names[Int(port) - 1] = [:] }
    }
  }

  @Test func theNameWinsOverItsAliasButNotOverAFlag() throws {
    let kubernetes = ["REDIS_PORT": "tcp://10.0.0.1:7001"]
    #expect(try resolver(environment: kubernetes).resolve().configuration.redis.port == 7001)
    let named = resolver(environment: kubernetes, dotEnv: ["REDIS_SERVER_PORT": "7002"])
    #expect(try named.resolve().configuration.redis.port == 7002)
    let flag = resolver(flags: ["REDIS_PORT": "7003"], environment: ["REDIS_SERVER_PORT": "7002"])
    #expect(try flag.resolve().configuration.redis.port == 7003)
    #expect(
      try resolver(file: ["LIVE_TV_WRITE_TIMEOUT": "7"]).resolve().configuration.clients.writeTimeout == .seconds(7))
  }

  @Test func anEmptyValueIsNoneExceptForThePrefix() throws {
    let effective = try resolver(
      environment: ["PORT": "", "API_TOKEN": "", "ROOT_PATH": "", "TRUSTED_PROXIES": ""], file: ["PORT": "9"]
    ).resolve()
    #expect(effective.configuration.server.port == 9)
    #expect(effective.configuration.auth.apiToken == nil)
    #expect(effective.configuration.server.rootPath == "")
    #expect(effective.configuration.server.trustedProxies == [])
  }

  @Test func allThatIsWrongIsSaidTogether() {
    let found = problems(
      resolver(
        flags: ["FIRST_BYTE_TIMEOUT": "soon"], environment: ["PORT": "abc", "LEASE_TTL_MS": "100", "PATH": "/bin"],
        file: ["prot": "1", "zzzz": "1"], dotEnv: ["HLS_LIST_SIZE": "100"]))
    #expect(
      found == [
        "prot: no such setting (m.yaml line 3); did you mean PORT? 'millrace help serve' lists all",
        "zzzz: no such setting (m.yaml line 3); 'millrace help serve' lists all",
        "PORT: 'abc' (environment) must be a whole number from 0 to 65535 (0 = any free port)",
        "FIRST_BYTE_TIMEOUT: 'soon' (flag) must be seconds from 0.1 to 600, decimals allowed",
        "LEASE_TTL_MS: must be greater than LEASE_GIVE_UP_MS; now LEASE_TTL_MS=100 (environment), "
          + "LEASE_GIVE_UP_MS=2000 (default)",
        "LEASE_CHECK_MS: must not be greater than LEASE_TTL_MS; now LEASE_CHECK_MS=500 (default), "
          + "LEASE_TTL_MS=100 (environment)",
        "BUFFER_SECONDS: must be greater than HLS_SEGMENT_SECONDS × HLS_LIST_SIZE, or playlists name what has gone; "
          + "now BUFFER_SECONDS=30 (default), HLS_SEGMENT_SECONDS=2 (default), HLS_LIST_SIZE=100 (.env line 2)",
      ])
  }

  @Test(arguments: [
    (["LEASE_GIVE_UP_MS": "3000"], "LEASE_TTL_MS"), (["LEASE_RENEW_MS": "1700"], "LEASE_GIVE_UP_MS"),
    (["LEASE_CHECK_MS": "3001"], "LEASE_CHECK_MS"), (["BUFFER_SECONDS": "20"], "BUFFER_SECONDS"),
    (["JOIN_BEHIND": "30"], "JOIN_BEHIND"), (["BUFFER_TTL": "29"], "BUFFER_TTL"),
    (["STRICT_LIVE_TS_PREBUFFER_SIZE": "33554432"], "STRICT_LIVE_TS_PREBUFFER_SIZE"),
    (["HLS_CACHE_BYTES": "4194303"], "HLS_PLAYLIST_MAX_BYTES"), (["API_SHOW_SOURCE_URLS": "1"], "API_SHOW_SOURCE_URLS"),
    (["REDOC_URL": "/docs/"], "DOCS_URL"), (["REDIS_SSL_KEYFILE": "/k"], "REDIS_SSL_CERTFILE"),
  ]) func aBrokenRelationIsAProblem(environment: [String: String], name: String) {
    let found = problems(resolver(environment: environment))
    #expect(found.count == 1)
    #expect(found.first?.hasPrefix(name + ": ") == true, "\(found)")
  }

  @Test(arguments: [
    ["LEASE_RENEW_MS": "1600"], ["BUFFER_SECONDS": "20.1"], ["API_SHOW_SOURCE_URLS": "1", "API_TOKEN": "t"],
    ["HLS_CACHE_BYTES": "0"],
  ]) func aRelationThatJustHoldsIsNone(environment: [String: String]) {
    #expect(problems(resolver(environment: environment)) == [])
  }

  @Test func aNameTwiceInAFileIsAProblem() {
    var resolver = ConfigurationResolver()
    resolver.file = [
      GivenSetting(name: "PORT", value: "1", origin: .file("m.yaml", line: 1)),
      GivenSetting(name: "port", value: "2", origin: .file("m.yaml", line: 2)),
    ]
    #expect(problems(resolver) == ["port: given twice, again in m.yaml line 2; keep one"])
  }

  @Test func oldNamesAreAcceptedAndNamed() throws {
    let effective = try resolver(
      environment: [
        "RELOAD": "true", "HLS_GC_INTERVAL": "5", "LOG_FILE": "", "PROCESSING_SEGMENT_TIMER_INTERVAL_SECONDS": "10",
      ], file: ["CONNECTION_IDLE_TIMEOUT": "3"]
    ).resolve()
    #expect(
      effective.configuration.namesWithoutEffect == [
        "CONNECTION_IDLE_TIMEOUT", "HLS_GC_INTERVAL", "PROCESSING_SEGMENT_TIMER_INTERVAL_SECONDS", "RELOAD",
      ])
  }

  @Test func valuesFollowFromOthers() throws {
    let debug = try resolver(environment: ["APP_DEBUG": "true"]).resolve()
    #expect(debug.configuration.log.level == .debug)
    #expect(debug.origins["LOG_LEVEL"] == .follows("APP_DEBUG"))
    let both = try resolver(environment: ["APP_DEBUG": "true", "LOG_LEVEL": "error"]).resolve()
    #expect(both.configuration.log.level == .error)
    let lists = try resolver(environment: ["SOURCE_ALLOW": "localhost"]).resolve().configuration.source
    #expect(lists.callbackAllow == ["localhost"])
    let own = try resolver(environment: ["SOURCE_ALLOW": "a", "CALLBACK_ALLOW": "b"]).resolve().configuration.source
    #expect(own.callbackAllow == ["b"])
    let grace = try resolver(environment: ["SHARED_STREAM_TIMEOUT": "30"]).resolve().configuration.sharing.grace
    #expect(grace == .seconds(30))
  }

  @Test func aRedisClusterIsRefusedWithTheWayOut() throws {
    let slots = ["REDIS_URL": "redis://h", "REDIS_CLUSTER": "true"]
    let refusals = try resolver(environment: slots).resolve().configuration.refusals
    #expect(refusals.count == 1 && refusals.first?.message.contains("remove REDIS_CLUSTER") == true)
    for environment in [["REDIS_URL": "redis://h"], ["REDIS_ENABLED": "false", "REDIS_CLUSTER": "true"]] {
      #expect(try resolver(environment: environment).resolve().configuration.refusals == [])
    }
  }

  @Test func theWorkerHasAName() throws {
    let standard = Configuration()
    #expect(standard.workerID(port: 8085).hasSuffix("-8085"))
    #expect(standard.workerID(port: 8085).count > 5)
    #expect(standard.workerID(port: 0).hasSuffix("-p\(ProcessInfo.processInfo.processIdentifier)"))
    #expect(standard.shownWorkerID(port: 8085) == "single")
    let named = try resolver(environment: ["WORKER_ID": "w1"]).resolve().configuration
    #expect(named.workerID(port: 8085) == "w1")
    #expect(named.shownWorkerID(port: 8085) == "w1")
    let clustered = try resolver(environment: ["REDIS_URL": "redis://h"]).resolve().configuration
    #expect(clustered.shownWorkerID(port: 1) == clustered.workerID(port: 1))
  }
}
