import Redis
import TestKit
import Testing

/// Who may come in, and where.
@Suite(.timeLimit(.minutes(1)))
struct AuthenticationTests {
  private let users = ["--requirepass", "secret word", "--user", "anna", "on", ">hers", "~*", "+@all"]

  /// Connects as told, or gives the reason why not, as the log says it.
  private func attempt(_ configure: (inout RedisConfiguration) -> Void) async throws -> (who: String?, log: String) {
    try await withFixture { fixture in
      let server = try await fixture.redisServer(arguments: users)
      var configuration = server.configuration
      configure(&configuration)
      let client = Client(fixture)
      let redis = client.connection(configuration, fixture)
      try await eventually("an outcome") {
        redis.isConnected || client.sink.messages.contains("Redis is away")
      }
      let reasons = client.sink.records.compactMap { $0.metadata["error"] } + client.sink.messages
      let who = redis.isConnected ? try await redis.send(RedisCommand("ACL", "WHOAMI")).text : nil
      return (who, reasons.joined(separator: "\n"))
    }
  }

  @Test func theRightPassword() async throws {
    #expect(try await attempt { $0.password = "secret word" }.who == "default")
    #expect(
      try await attempt {
        $0.username = "anna"
        $0.password = "hers"
      }.who == "anna")
  }

  @Test func theWrongOneIsSaidAndNotShown() async throws {
    for user in [nil, "anna", "nobody"] {
      let (who, log) = try await attempt {
        $0.username = user
        $0.password = "guessed"
      }
      #expect(who == nil)
      #expect(log.contains("WRONGPASS"))
      #expect(!log.contains("guessed"))
    }
  }

  @Test func noneWhereOneIsDemanded() async throws {
    let (who, log) = try await attempt { _ in }
    #expect(who == nil)
    #expect(log.contains("NOAUTH"))
  }

  @Test func theFallbackIsTriedWithAWarning() async throws {
    let (who, log) = try await attempt { $0.fallbackPassword = "secret word" }
    #expect(who == "default")
    #expect(log.contains("trying the fallback"))
    let (other, reason) = try await attempt { $0.fallbackPassword = "wrong" }
    #expect(other == nil)
    #expect(reason.contains("WRONGPASS"))
  }

  @Test func theDatabaseAndTheNameAreTheConfigured() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      var configuration = server.configuration
      configuration.database = 5
      configuration.clientName = "millrace:worker one"
      let redis = try await Client(fixture).connected(configuration, role: "lease", fixture)
      _ = try await redis.send(RedisCommand("SET", "key", "five"))
      #expect(try await server.command("GET", "key", options: ["-n", "5"]) == "five")
      let list = try await server.command("CLIENT", "LIST", "ID", "\(redis.clientID ?? 0)")
      #expect(list.contains(" name=millrace:worker_one:lease "))
    }
  }

  @Test func aDatabaseThatIsNotThereIsSaid() async throws {
    try await withFixture { fixture in
      let server = try await fixture.redisServer()
      var configuration = server.configuration
      configuration.database = 99
      let client = Client(fixture)
      let redis = client.connection(configuration, fixture)
      try await eventually("the failure") { client.sink.messages.contains("Redis is away") }
      #expect(client.sink.records.last?.metadata["error"]?.contains("DB index is out of range") == true)
      #expect(!redis.isConnected)
    }
  }
}
