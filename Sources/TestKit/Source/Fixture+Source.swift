extension Fixture {
  /// A source server that goes with the fixture.
  package func sourceServer(live: LiveMedia? = nil, file: MediaFixture? = nil) async throws -> SourceServer {
    let server = try await SourceServer.start(live: live, file: file)
    addTeardown { try await server.stop() }
    return server
  }
}
