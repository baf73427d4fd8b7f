import Cluster
import Identifiers
import Testing

extension ConformanceCase {
  static let clients = [
    ConformanceCase("a client counts once, however many connections it has") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      #expect(try await coordinator.join(Make.join(connection: 1), limit: 0) == .joined(clients: 1, owner: nil))
      #expect(try await coordinator.join(Make.join(connection: 2), limit: 0) == .joined(clients: 1, owner: nil))
      #expect(
        try await coordinator.join(Make.join(1, "c2", connection: 3), limit: 0) == .joined(clients: 2, owner: nil))
      #expect(try await coordinator.clients(of: Make.stream())?.map(\.connections).sorted() == [1, 2])
      #expect(try await coordinator.leave(Make.leave(connection: 1)) == .stays)
      #expect(try await coordinator.leave(Make.leave(connection: 1)) == .stays)
      #expect(try await coordinator.leave(Make.leave(connection: 2)) == .left(remaining: 1))
      #expect(try await coordinator.leave(Make.leave(connection: 2)) == .unknown)
      #expect(
        try await coordinator.eventNames()
          == ["stream_started", "client_connected", "client_connected", "client_disconnected"])
    },
    ConformanceCase("a client's record shows who it is and what it got") { coordinator, harness in
      _ = try await coordinator.register(Make.registration())
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      try await harness.pass(1)
      let traffic = ClientTraffic(
        stream: Make.stream(), client: Make.client(), bytes: 1000, segments: 1, position: 77, lagMilliseconds: 250)
      #expect(try await coordinator.refresh([traffic]).isEmpty)
      #expect(try await coordinator.refresh([traffic]).isEmpty)
      let client = try #require(try await coordinator.clients().first)
      #expect(client.stream == Make.stream() && client.id == Make.client() && client.worker == coordinator.worker)
      #expect(client.address == "203.0.113.7" && client.userAgent == "VLC/3.0.20" && client.username == "u")
      #expect(client.format == .ts && client.connections == 1)
      #expect(client.bytesServed == 2000 && client.segmentsServed == 2)
      #expect(client.position == 77 && client.lagMilliseconds == 250)
      #expect(client.lastSeen > client.connectedAt)
      let stream = try #require(try await coordinator.stream(Make.stream()))
      #expect(stream.totalBytes == 2000 && stream.totalSegments == 2 && stream.clientCount == 1)
      #expect(stream.lastAccess > stream.createdAt)
    },
    ConformanceCase("the limit counts clients and turns the next one away") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      _ = try await coordinator.join(Make.join(1, "c1", connection: 1), limit: 2)
      _ = try await coordinator.join(Make.join(1, "c2", connection: 2), limit: 2)
      #expect(try await coordinator.join(Make.join(1, "c3", connection: 3), limit: 2) == .full(limit: 2))
      #expect(
        try await coordinator.join(Make.join(1, "c1", connection: 4), limit: 2) == .joined(clients: 2, owner: nil))
      _ = try await coordinator.leave(Make.leave(1, "c2", connection: 2))
      #expect(
        try await coordinator.join(Make.join(1, "c3", connection: 3), limit: 2) == .joined(clients: 2, owner: nil))
    },
    ConformanceCase(
      "client records and connections are bounded where no limit is set",
      limits: CoordinatorLimits(clientsPerStream: 2, connectionsPerClient: 2)
    ) { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      for connection: UInt64 in 1...2 {
        _ = try await coordinator.join(Make.join(1, "c1", connection: connection), limit: 0)
      }
      #expect(try await coordinator.join(Make.join(1, "c1", connection: 3), limit: 0) == .full(limit: 2))
      #expect(
        try await coordinator.join(Make.join(1, "c1", connection: 2), limit: 0) == .joined(clients: 1, owner: nil))
      _ = try await coordinator.join(Make.join(1, "c2", connection: 4), limit: 0)
      #expect(try await coordinator.join(Make.join(1, "c3", connection: 5), limit: 0) == .full(limit: 2))
    },
    ConformanceCase("1,000 joins at once let in as many as the limit says") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      let results = try await withThrowingTaskGroup(of: JoinResult.self) { group in
        for number in 0..<1000 {
          group.addTask {
            try await coordinator.join(Make.join(1, "c\(number)", connection: UInt64(number)), limit: 100)
          }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(results.count { $0 == .full(limit: 100) } == 900)
      #expect(try await coordinator.stream(Make.stream())?.clientCount == 100)
    },
    ConformanceCase("a removed client is gone, and its worker learns of it") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      #expect(try await coordinator.client(Make.reference())?.connections == 1)
      #expect(try await coordinator.client(Make.reference(1, "another")) == nil)
      #expect(try await coordinator.client(Make.reference(2)) == nil)
      let removed = try #require(try await coordinator.remove(Make.reference()))
      #expect(try await coordinator.client(Make.reference()) == nil)
      #expect(removed.worker == coordinator.worker)
      #expect(try await coordinator.remove(Make.reference()) == nil)
      #expect(try await coordinator.remove(Make.reference(2)) == nil)
      #expect(try await coordinator.clients(of: Make.stream()) == [])
      #expect(try await coordinator.clients(of: Make.stream(2)) == nil)
      let traffic = ClientTraffic(stream: Make.stream(), client: Make.client(), bytes: 5)
      #expect(try await coordinator.refresh([traffic]) == [Make.reference()])
      #expect(try await coordinator.stream(Make.stream())?.totalBytes == 0)
      guard case .clientDisconnected(_, .deleted) = try await coordinator.allEvents().last?.content else {
        throw UnexpectedAnswer("no client_disconnected")
      }
    },
    ConformanceCase("client_disconnected tells the reason and the final counts") { coordinator, _ in
      _ = try await coordinator.register(Make.registration())
      _ = try await coordinator.join(Make.join(connection: 1), limit: 0)
      _ = try await coordinator.refresh([ClientTraffic(stream: Make.stream(), client: Make.client(), bytes: 10)])
      _ = try await coordinator.leave(Make.leave(connection: 1, reason: .writeTimeout, bytes: 5, segments: 1))
      guard case .clientDisconnected(let client, .writeTimeout) = try await coordinator.allEvents().last?.content else {
        throw UnexpectedAnswer("no client_disconnected")
      }
      #expect(client.bytesServed == 15 && client.segmentsServed == 1)
      #expect(try await coordinator.stream(Make.stream())?.totalBytes == 15)
    },
  ]
}
