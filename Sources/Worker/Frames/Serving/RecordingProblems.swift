internal import FrameRecorder
internal import HTTP

extension Problem {
  static let deviceNotFound = Problem(.notFound, code: "device-not-found", detail: "Device not found")
  static let archiveNotFound = Problem(.notFound, code: "archive-not-found", detail: "Archive not found")
  static let archiveNotReady = Problem(
    .conflict, code: "archive-not-ready", detail: "The archive is still being made; try again later", retryAfter: 30)
  static let windowEmpty = Problem(.notFound, code: "window-empty", detail: "Nothing is recorded in this window")

  /// What a client learns of a store that cannot answer. Nil: a bug, which is a plain 500.
  init?(_ error: FrameStoreError) {
    switch error.code {
    case .unavailable, .full: self = .storeUnavailable
    case .invalidReply: return nil
    }
  }

  /// A handler whose store errors are answers.
  static func answeringRecorderFailures(_ handler: @escaping RouteHandler) -> RouteHandler {
    { request, parameters in
      do {
        return try await handler(request, parameters)
      } catch let error as FrameStoreError {
        throw Problem(error) ?? error as any Error
      }
    }
  }

  init(_ failure: PlaylistWindow.Failure) {
    let (name, message) =
      switch failure {
      case .badValue("last"): ("last", "Input should be a number of seconds greater than 0")
      case .badValue(let name): (name, "Input should be a time: ISO 8601, or seconds or milliseconds since 1970")
      case .emptyRange: ("from", "Value error, from should be before to")
      case .contradiction: ("last", "Value error, give either last, or from and to")
      }
    self = .validation([InvalidField(type: .valueError, location: ["query", name], message: message)])
  }
}
