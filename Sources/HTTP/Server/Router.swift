/// Which handler answers which path and method (api.md §1.1, §1.6). A value: build it, then give it to the server.
package struct Router: Sendable {
  private var root = RouteNode()
  private let rootPath: [String]
  package let cors: CORSPolicy
  private var streamingMethods: Set<HTTPMethod> = []

  /// Every route answers both at `/x` and at `rootPath/x`. `rootPath`: any form; empty or `/` = none.
  package init(rootPath: String = "", cors: CORSPolicy = CORSPolicy()) {
    self.rootPath = rootPath.split(separator: "/").map(String.init)
    self.cors = cors
  }

  /// `pattern`: `/a/{name}/b.{name}`. Literals win over parameters. A method and pattern twice is a programming error.
  package mutating func add(
    _ method: HTTPMethod, _ pattern: String, kind: RouteKind = .api, handler: @escaping RouteHandler
  ) {
    add(method, pattern, kind: kind, handler: handler, streamedBytes: nil)
  }

  /// A route whose handler gets the body as `HTTPRequest.stream`, as soon as the head is there. It may answer before the
  /// body has come; the connection is closed then. `maxBodyBytes` takes the place of the server's limit; each 64 KiB have
  /// the time that a whole body has elsewhere.
  package mutating func addStreaming(
    _ method: HTTPMethod, _ pattern: String, maxBodyBytes: Int, handler: @escaping RouteHandler
  ) {
    add(method, pattern, kind: .api, handler: handler, streamedBytes: maxBodyBytes)
    streamingMethods.insert(method)
  }

  private mutating func add(
    _ method: HTTPMethod, _ pattern: String, kind: RouteKind, handler: @escaping RouteHandler, streamedBytes: Int?
  ) {
    let segments = pattern.split(separator: "/").map(SegmentPattern.parse)
    let route = Route(
      pattern: pattern, kind: kind, names: segments.compactMap(\.name), handler: handler, streamedBytes: streamedBytes)
    root.add(route, method: method, at: segments.map(\.pattern)[...])
  }

  /// Whether a request may be one of a streaming route.
  func mayStream(_ method: HTTPMethod) -> Bool { streamingMethods.contains(method) }

  enum Decision {
    case handle(Route, PathParameters)
    case answer(HTTPResponse, RouteKind)
    case refuse(Problem, RouteKind)
  }

  func decide(_ request: HTTPRequest) -> Decision {
    let found = request.isPathRefused || request.isAsterisk ? nil : find(request.pathSegments)
    let kind = found?.node.routes.values.first?.kind ?? .api
    if CORSPolicy.isPreflight(request) { return .answer(cors.preflight(request, kind: kind), kind) }
    if request.isAsterisk, request.method == .options {
      let allow = HTTPMethod.allCases.filter { $0 != .other }.map(\.rawValue).joined(separator: ", ")
      return .answer(HTTPResponse(status: .noContent, headers: ["Allow": allow]), .api)
    }
    guard let found else { return .refuse(.notFound, .api) }
    let routes = found.node.routes
    if let route = routes[request.method] ?? (request.method == .head ? routes[.get] : nil) {
      return .handle(route, PathParameters(names: route.names, values: found.values))
    }
    let allow = found.node.allow
    if request.method == .options {
      return .answer(HTTPResponse(status: .noContent, headers: ["Allow": allow]), kind)
    }
    return .refuse(.methodNotAllowed(allow: allow), kind)
  }

  private func find(_ segments: [String]) -> (node: RouteNode, values: [String])? {
    if let found = root.find(segments[...]) { return found }
    guard !rootPath.isEmpty, segments.starts(with: rootPath) else { return nil }
    return root.find(segments.dropFirst(rootPath.count))
  }
}
