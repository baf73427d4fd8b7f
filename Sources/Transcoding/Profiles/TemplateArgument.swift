/// A variable of a template, and its default if it has one.
package struct TemplateVariable: Hashable, Sendable {
  package let name: String
  package let defaultValue: String?
}

/// One argument of a template: literal text with placeholders in it.
struct TemplateArgument: Equatable, Sendable {
  enum Piece: Equatable, Sendable {
    case text(String)
    case placeholder(TemplateVariable)
  }

  let pieces: [Piece]

  /// `{name}` and `{name|default}`; any other brace is an error.
  init(_ text: String) throws(ProfileError) {
    var pieces: [Piece] = []
    var rest = text[...]
    while let open = rest.utf8.firstIndex(where: { $0 == UInt8(ascii: "{") || $0 == UInt8(ascii: "}") }) {
      guard rest.utf8[open] == UInt8(ascii: "{"), let close = rest[open...].utf8.firstIndex(of: UInt8(ascii: "}"))
      else { throw .templateRefused(argument: text, reason: "braces are not balanced") }
      if open > rest.startIndex { pieces.append(.text(String(rest[..<open]))) }
      let inside = rest[rest.utf8.index(after: open)..<close]
      guard let variable = Self.variable(inside) else {
        throw .templateRefused(argument: text, reason: "'{\(inside)}' is not a placeholder {name} or {name|default}")
      }
      pieces.append(.placeholder(variable))
      rest = rest[rest.utf8.index(after: close)...]
    }
    if !rest.isEmpty { pieces.append(.text(String(rest))) }
    self.pieces = pieces
  }

  var variables: [TemplateVariable] {
    pieces.compactMap { piece in
      if case .placeholder(let variable) = piece { variable } else { nil }
    }
  }

  /// The variable that is the whole argument.
  var soleVariable: TemplateVariable? {
    guard pieces.count == 1, case .placeholder(let variable) = pieces[0] else { return nil }
    return variable
  }

  /// Nil for an argument that was a single placeholder and became empty.
  func render(_ values: [String: String]) throws(ProfileError) -> String? {
    var output = ""
    for piece in pieces {
      switch piece {
      case .text(let text): output += text
      case .placeholder(let variable):
        guard let value = values[variable.name] ?? variable.defaultValue else {
          throw .templateRefused(argument: "{\(variable.name)}", reason: "it has neither a value nor a default")
        }
        output += value
      }
    }
    return output.isEmpty && soleVariable != nil ? nil : output
  }

  private static func variable(_ inside: Substring) -> TemplateVariable? {
    let bar = inside.utf8.firstIndex(of: UInt8(ascii: "|"))
    let name = inside[..<(bar ?? inside.endIndex)]
    guard !inside.utf8.contains(UInt8(ascii: "{")), ProfileVariables.isName(name) else { return nil }
    return TemplateVariable(
      name: String(name), defaultValue: bar.map { String(inside[inside.utf8.index(after: $0)...]) })
  }
}
