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

  struct Partition: Decodable {
    let partition: Int
    let owner: String?
    let devices: Int
    let waiting: Int
    let lagMs: Int64?
  }

  struct Device: Decodable {
    let client: String
    let device: String
    let lastFrameAt: String?
    let online: Bool
    let segments: Int
    let bytes: UInt64
    let session: String?
  }

  /// What those workers say of device frames that record them.
  struct Recordings {
    /// The first ones are shown; there may be thousands.
    static let mostDevices = 20

    let partitions: [Partition]
    let devices: [Device]
    let hasMore: Bool
  }

  struct Health: Decodable {
    let status: String
    let reasons: [String]?
  }

  let health: Health
  let workers: [Worker]
  let streams: [Stream]
  let clients: [Client]
  /// Nil: the worker that answered records no frames.
  let recordings: Recordings?

  private struct Workers: Decodable { let workers: [Worker] }
  private struct Streams: Decodable { let streams: [Stream] }
  private struct Clients: Decodable { let clients: [Client] }
  private struct Partitions: Decodable { let partitions: [Partition] }
  private struct Devices: Decodable {
    let devices: [Device]
    let next: String?
  }

  /// Asks one worker, or whichever the balancer chooses.
  init(from client: WorkerClient) throws(WorkerClient.Failure) {
    health = try client.get("/health", as: Health.self)
    workers = try Self.workers(from: client)
    streams = try client.get("/streams", as: Streams.self).streams
    clients = try client.get("/clients", as: Clients.self).clients
    recordings = try Self.recordings(client)
  }

  static func workers(from client: WorkerClient) throws(WorkerClient.Failure) -> [Worker] {
    try client.get("/workers", as: Workers.self).workers
  }

  private static func recordings(_ client: WorkerClient) throws(WorkerClient.Failure) -> Recordings? {
    do throws(WorkerClient.Failure) {
      let partitions = try client.get("/partitions", as: Partitions.self).partitions
      let page = try client.get("/devices?limit=\(Recordings.mostDevices)", as: Devices.self)
      return Recordings(partitions: partitions, devices: page.devices, hasMore: page.next != nil)
    } catch {
      guard error.status == 404 else { throw error }
      return nil
    }
  }
}
