/// A place in the tree of paths: the routes that end here by method, and what may follow.
struct RouteNode: Sendable {
  private(set) var routes: [HTTPMethod: Route] = [:]
  private var literals: [String: RouteNode] = [:]
  /// Those with more literal text first.
  private var parameters: [(pattern: SegmentPattern, node: RouteNode)] = []

  mutating func add(_ route: Route, method: HTTPMethod, at path: ArraySlice<SegmentPattern>) {
    guard let head = path.first else {
      precondition(routes[method] == nil, "\(method.rawValue) \(route.pattern) is routed twice")
      routes[method] = route
      return
    }
    let rest = path.dropFirst()
    if case .literal(let text) = head {
      literals[text, default: RouteNode()].add(route, method: method, at: rest)
    } else if let index = parameters.firstIndex(where: { $0.pattern == head }) {
      parameters[index].node.add(route, method: method, at: rest)
    } else {
      var node = RouteNode()
      node.add(route, method: method, at: rest)
      parameters.append((head, node))
      parameters.sort { $0.pattern.weight > $1.pattern.weight }
    }
  }

  /// The place that `path` names, literals before parameters, and the parameters' values in order.
  func find(_ path: ArraySlice<String>) -> (node: RouteNode, values: [String])? {
    guard let segment = path.first else { return routes.isEmpty ? nil : (self, []) }
    let rest = path.dropFirst()
    if let found = literals[segment]?.find(rest) { return found }
    for (pattern, node) in parameters {
      guard let value = pattern.value(in: segment), let found = node.find(rest) else { continue }
      return (found.node, [value] + found.values)
    }
    return nil
  }

  /// The value of `Allow` (RFC 9110 §10.2.1): HEAD wherever GET is, OPTIONS always.
  var allow: String {
    var methods = Set(routes.keys)
    if methods.contains(.get) { methods.insert(.head) }
    methods.insert(.options)
    return HTTPMethod.allCases.filter(methods.contains).map(\.rawValue).joined(separator: ", ")
  }
}
