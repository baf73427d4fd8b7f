internal import HTTP

/// Routes of the contract that are not built yet. They are known, so that a client learns what is missing instead of
/// that it went astray: 501 (api.md §2.12).
struct LaterRoutes {
  let server: Configuration.Server

  /// First words of paths that are taken: DOCS_URL, REDOC_URL and OPENAPI_URL must begin with others.
  static let takenNames: Set<String> = [
    "broadcast", "clients", "devices", "events", "favicon.ico", "health", "hls", "info", "livez", "metrics",
    "partitions", "readyz", "static", "stats", "status", "stream", "streams", "test-connection", "transcode", "v1",
    "validate-cookies-file", "webhooks", "workers",
  ]

  func add(to router: inout Router, _ guarded: (@escaping RouteHandler) -> RouteHandler) {
    for (method, pattern) in [
      (HTTPMethod.post, "/broadcast/{nid}/start"), (.post, "/broadcast/{nid}/stop"), (.get, "/broadcast"),
      (.get, "/broadcast/{nid}/status"), (.delete, "/broadcast/{nid}"),
    ] {
      router.add(method, pattern, handler: guarded(refuse("Broadcasts are not available")))
    }
    for pattern in ["/broadcast/{nid}/live.m3u8", "/broadcast/{nid}/segment/{file}", "/broadcast/{nid}/{file}"] {
      router.add(.get, pattern, handler: refuse("Broadcasts are not available"))
    }
    for (method, pattern) in [
      (HTTPMethod.get, "/streams/by-metadata"), (.get, "/streams/counts-by-metadata"),
      (.delete, "/streams/by-metadata"), (.delete, "/streams/oldest-by-metadata"),
    ] {
      router.add(method, pattern, handler: guarded(refuse("Metadata filters are not available")))
    }
    router.add(.post, "/streams/{id}/failover", handler: guarded(refuse("Failover is not available")))
    for method in [HTTPMethod.post, .get, .delete] {
      router.add(method, "/webhooks", handler: guarded(refuse("Webhooks are not available")))
    }
    router.add(.post, "/webhooks/test", handler: guarded(refuse("Webhooks are not available")))
    router.add(.get, "/events", handler: guarded(refuse("The event feed is not available")))
    router.add(.post, "/test-connection", handler: guarded(refuse("Connection tests are not available")))
    router.add(.get, "/validate-cookies-file", handler: guarded(refuse("Resolvers are not available")))
    router.add(.get, "/status", handler: guarded(refuse("The status page is not available")))
    for pattern in [server.openAPIPath, server.docsPath, server.redocPath, "/static/{name}"] {
      router.add(.get, pattern, handler: refuse("The API's documents are not available"))
    }
  }

  private func refuse(_ detail: String) -> RouteHandler {
    { _, _ in throw Problem(.notImplemented, code: "not-available", detail: detail) }
  }
}
