import Cluster
import Foundation
import Identifiers
import TestKit

/// What Redis does for one worker's calls, beside ever more other workers, each with 100 streams and 1,000 clients: nothing
/// that happens each second or to each viewer may cost more when others have more.
struct KeysBench {
  private let scales: [Int]

  init(_ options: BenchOptions) { scales = options.numbers("scales", [1, 10, 100]) }

  func run() async throws {
    let server = try await RedisServer.start()
    let cluster = KeysCluster(server)
    let subject = try await cluster.member("subject")
    let others = try await cluster.member("neighbour")
    try await subject.settle(streams: 0..<100)
    try await others.settle(streams: 100..<200)
    say("a call's cost in Redis beside other workers with 100 streams and 1,000 clients each")
    say("  workers   streams   clients   call                                  CPU µs   commands    wall ms")
    var population = 0
    for scale in scales {
      try await cluster.populate(from: population, to: scale)
      population = scale
      let calls = KeysCalls(cluster: cluster, subject: subject, neighbour: others)
      let size = [scale + 2, (scale + 2) * 100, (scale + 2) * 1000].map { cell(Double($0), 0) }.joined()
      for row in try await calls.measure() { say(size + "   " + row) }
    }
    try await cluster.close()
    try await server.stop()
  }
}
