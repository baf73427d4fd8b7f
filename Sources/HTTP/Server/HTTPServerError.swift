/// Why a server could not start.
package enum HTTPServerError: Error, Equatable, CustomStringConvertible {
  case portTaken(host: String, port: Int)
  /// The name or address means nothing here.
  case unknownHost(String, reason: String)
  case cannotListen(host: String, port: Int, reason: String)
  case startedBefore

  package var description: String {
    switch self {
    case .portTaken(let host, let port): "port \(port) of \(host) is taken by another process"
    case .unknownHost(let host, let reason): "cannot listen at \(host): \(reason)"
    case .cannotListen(let host, let port, let reason): "cannot listen at \(host) port \(port): \(reason)"
    case .startedBefore: "the server has been started before"
    }
  }
}
