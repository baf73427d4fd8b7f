internal import MediaLog

/// What an FFmpeg makes a client's container of.
enum ContainerInput {
  /// The stream's log, from so many seconds behind its end on.
  case log(StreamLog, secondsBehind: Double)
  /// The stream's source, which it opens by itself.
  case source

  var isLog: Bool {
    switch self {
    case .log: true
    case .source: false
    }
  }
}
