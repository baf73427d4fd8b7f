/// A command with its arguments.
package struct RedisCommand: Sendable {
  package let name: String
  package let arguments: [RedisArgument]

  /// `name` is one word (`SET`); the second word of `CLIENT ID` is an argument.
  package init(_ name: String, _ arguments: [RedisArgument]) {
    self.name = name
    self.arguments = arguments
  }

  package init(_ name: String, _ arguments: String...) {
    self.init(name, arguments.map { .text($0) })
  }

  /// Roughly what it takes on the wire.
  var wireCount: Int { arguments.reduce(name.utf8.count + 32) { $0 + $1.count + 16 } }
}
