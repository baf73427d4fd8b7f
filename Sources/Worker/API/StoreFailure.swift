internal import Cluster
internal import HTTP
internal import Transcoding

extension Problem {
  /// What a client learns of a coordinator that cannot answer (api.md §1.3). Nil: a bug, which is a plain 500.
  init?(_ error: CoordinatorError) {
    switch error.code {
    case .unavailable, .timedOut, .settling: self = .storeUnavailable
    case .draining: self = Problem(StreamError.draining)
    case .invalidReply: return nil
    }
  }

  /// A handler whose coordinator errors are answers.
  static func answeringStoreFailures(_ handler: @escaping RouteHandler) -> RouteHandler {
    { request, parameters in
      do {
        return try await handler(request, parameters)
      } catch let error as CoordinatorError {
        throw Problem(error) ?? error as any Error
      }
    }
  }
}
