import Cluster
import TestKit
import Testing

@Suite("The coordinator over Redis") struct RedisCoordinatorTests {
  @Test("behaves as every coordinator", .timeLimit(.minutes(1)), arguments: ConformanceCase.all)
  func conforms(_ behaviour: ConformanceCase) async throws {
    try await withFixture { try await behaviour.run(RedisCluster($0)) }
  }
}
