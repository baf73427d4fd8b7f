/// One step of a pipeline.
package enum RedisStep: Sendable {
  case command(RedisCommand)
  case script(RedisScript, keys: [String], [RedisArgument])

  /// What is sent first.
  var command: RedisCommand {
    switch self {
    case .command(let command): command
    case .script(let script, let keys, let arguments): script.byDigest(keys: keys, arguments)
    }
  }

  /// What is sent when the server does not know the script.
  var loadingCommand: RedisCommand? {
    switch self {
    case .command: nil
    case .script(let script, let keys, let arguments): script.bySource(keys: keys, arguments)
    }
  }
}
