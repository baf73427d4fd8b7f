internal import Cluster
internal import HTTP

/// Booleans of queries and texts (api.md §1.5).
enum QueryBool {
  static func parse(_ text: String) -> Bool? {
    switch text.lowercased() {
    case "1", "true", "t", "yes", "y", "on": true
    case "0", "false", "f", "no", "n", "off": false
    default: nil
    }
  }
}

/// `?scope=worker` limits a list or a statistic to the answering worker (api.md §1.9).
enum QueryScope: String {
  case cluster, worker
}

extension HTTPRequest {
  /// A switch of the query: false if it is absent, true if it has no value. Throws 422.
  func flag(_ name: String) throws(Problem) -> Bool {
    guard let text = query.first(name) else { return false }
    if text.isEmpty { return true }
    guard let value = QueryBool.parse(text) else {
      throw .validation([
        InvalidField(
          type: .boolParsing, location: ["query", name],
          message: "Input should be a valid boolean, unable to interpret input")
      ])
    }
    return value
  }

  /// Throws 422 for another scope than those that there are.
  func scope() throws(Problem) -> QueryScope {
    guard let text = query.first("scope") else { return .cluster }
    guard let scope = QueryScope(rawValue: text) else {
      throw .validation([
        InvalidField(
          type: .enumeration, location: ["query", "scope"], message: "Input should be 'cluster' or 'worker'")
      ])
    }
    return scope
  }
}

extension Coordinator {
  /// The streams in the request's scope. One that nobody runs belongs to every worker that knows it.
  func streams(in scope: QueryScope) async throws -> [StreamRecord] {
    let all = try await streams()
    return scope == .cluster ? all : all.filter { ($0.owner ?? worker) == worker }
  }

  func clients(in scope: QueryScope) async throws -> [ClientRecord] {
    let all = try await clients()
    return scope == .cluster ? all : all.filter { $0.worker == worker }
  }
}
