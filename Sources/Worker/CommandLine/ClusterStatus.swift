internal import Foundation

/// What `millrace status` shows, as one worker told it.
struct ClusterStatus {
  struct Worker: Decodable {
    let id: String
    let address: String
    let version: String
    let lastSeen: String
    let streams: [String]
    let clients: Int
    let capacity: Int
    let load: Double
    let draining: Bool
  }

  struct Stream: Decodable {
    let streamId: String
    let currentUrl: String
    let status: String
    let owner: String?
    let epoch: UInt64
    let profile: String?
    let clientCount: Int
    let totalBytesServed: UInt64
    let restarts: Int
    let lastError: String?
  }

  struct Client: Decodable {
    let clientId: String
    let streamId: String
    let ipAddress: String
    let worker: String
    let format: String
    let bytesServed: UInt64
    let lagMs: UInt64
    let createdAt: String
  }

  struct Health: Decodable {
    let status: String
    let reasons: [String]?
  }

  let health: Health
  let workers: [Worker]
  let streams: [Stream]
  let clients: [Client]

  private struct Workers: Decodable { let workers: [Worker] }
  private struct Streams: Decodable { let streams: [Stream] }
  private struct Clients: Decodable { let clients: [Client] }

  /// Asks one worker, or whichever the balancer chooses.
  init(from client: WorkerClient) throws(WorkerClient.Failure) {
    health = try client.get("/health", as: Health.self)
    workers = try client.get("/workers", as: Workers.self).workers
    streams = try client.get("/streams", as: Streams.self).streams
    clients = try client.get("/clients", as: Clients.self).clients
  }
}
