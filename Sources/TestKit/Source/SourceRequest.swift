/// A request as a `SourceServer` received it.
package struct SourceRequest: Sendable {
  package let head: HTTPHead
  /// When its head was complete.
  package let received: ContinuousClock.Instant

  package var method: String { part(0) }
  /// With the query.
  package var target: String { part(1) }
  package var path: String { String(target.prefix { $0 != "?" }) }
  /// The value of a header field, whatever the case of its name.
  package subscript(_ name: String) -> String? { head[name] }

  private func part(_ number: Int) -> String {
    let parts = head.startLine.split(separator: " ")
    return parts.count == 3 ? String(parts[number]) : ""
  }
}
