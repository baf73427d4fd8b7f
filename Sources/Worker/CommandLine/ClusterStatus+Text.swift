internal import Foundation

extension ClusterStatus {
  /// Tables of the workers, the streams and the clients; where there are none, a line that says so.
  var text: String {
    let notice =
      health.status == "healthy" ? "" : "\(health.status): \((health.reasons ?? []).joined(separator: ", "))\n\n"
    let frames = recordings.map { [$0.partitionTable, $0.deviceTable] } ?? []
    return notice + ([workerTable, streamTable, clientTable] + frames).joined(separator: "\n")
  }

  private var workerTable: String {
    var table = TextTable([
      ("worker", .left), ("address", .left), ("state", .left), ("streams", .right), ("clients", .right),
      ("load", .right), ("seen", .left), ("version", .left),
    ])
    for worker in workers.sorted(by: { $0.id < $1.id }) {
      let capacity = worker.capacity > 0 ? " of \(worker.capacity)" : ""
      table.add([
        worker.id, worker.address, worker.draining ? "draining" : "serving", "\(worker.streams.count)\(capacity)",
        "\(worker.clients)", Self.decimal(worker.load, places: 2), Self.time(worker.lastSeen), worker.version,
      ])
    }
    return table.text
  }

  private var streamTable: String {
    guard !streams.isEmpty else { return "No streams.\n" }
    var table = TextTable([
      ("stream", .left), ("status", .left), ("owner", .left), ("epoch", .right), ("clients", .right),
      ("lag", .right), ("served", .right), ("restarts", .right), ("profile", .left), ("source", .left),
    ])
    for stream in streams {
      let lags = clients.filter { $0.streamId == stream.streamId }.map(\.lagMs)
      table.add([
        stream.streamId, stream.status, stream.owner ?? "-", "\(stream.epoch)", "\(stream.clientCount)",
        lags.max().map { "\($0) ms" } ?? "-", Self.bytes(stream.totalBytesServed), "\(stream.restarts)",
        stream.profile ?? "-", stream.currentUrl + (stream.lastError.map { "  (\($0))" } ?? ""),
      ])
    }
    return table.text
  }

  private var clientTable: String {
    guard !clients.isEmpty else { return "No clients.\n" }
    var table = TextTable([
      ("client", .left), ("stream", .left), ("worker", .left), ("format", .left), ("lag", .right), ("served", .right),
      ("since", .left), ("from", .left),
    ])
    for client in clients {
      table.add([
        client.clientId, client.streamId, client.worker, client.format, "\(client.lagMs) ms",
        Self.bytes(client.bytesServed), Self.time(client.createdAt), client.ipAddress,
      ])
    }
    return table.text
  }

  /// Of `2026-11-21T04:14:22.827665+00:00` the time of day, in UTC.
  fileprivate static func time(_ text: String) -> String {
    guard let start = text.firstIndex(of: "T") else { return text }
    return String(text[start...].dropFirst().prefix { $0 != "." })
  }

  /// In powers of 1,000, as bitrates are.
  static func bytes(_ count: UInt64) -> String {
    for (unit, size) in [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)] where Double(count) >= size {
      return "\(decimal(Double(count) / size, places: 1)) \(unit)"
    }
    return "\(count) B"
  }

  private static func decimal(_ value: Double, places: Int) -> String { String(format: "%.\(places)f", value) }
}

extension ClusterStatus.Recordings {
  /// By owner: partitions are many, and alike.
  var partitionTable: String {
    var table = TextTable([
      ("recorder", .left), ("partitions", .right), ("devices", .right), ("waiting", .right), ("lag", .right),
    ])
    for (owner, owned) in Dictionary(grouping: partitions, by: { $0.owner ?? "-" }).sorted(by: { $0.key < $1.key }) {
      let lag = owned.compactMap(\.lagMs).max()
      table.add([
        owner, "\(owned.count)", "\(owned.reduce(0) { $0 + $1.devices })", "\(owned.reduce(0) { $0 + $1.waiting })",
        lag.map { "\($0) ms" } ?? "-",
      ])
    }
    return table.text
  }

  var deviceTable: String {
    guard !devices.isEmpty else { return "No devices.\n" }
    var table = TextTable([
      ("device", .left), ("state", .left), ("last frame", .left), ("segments", .right), ("size", .right),
      ("session", .left),
    ])
    for device in devices {
      table.add([
        "\(device.client)/\(device.device)", device.online ? "online" : "silent",
        device.lastFrameAt.map(ClusterStatus.time) ?? "-", "\(device.segments)", ClusterStatus.bytes(device.bytes),
        device.session ?? "-",
      ])
    }
    return table.text + (hasMore ? "… and more: GET /devices\n" : "")
  }
}
