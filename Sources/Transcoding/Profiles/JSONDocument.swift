import Foundation

/// JSON (RFC 8259) as a document tree.
package enum JSONDocument {
  package static func parse(_ bytes: [UInt8]) throws(DocumentError) -> DocumentValue {
    let object: Any
    do {
      object = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
    } catch {
      throw DocumentError(line: nil, reason: "it is not JSON")
    }
    var nodes = 0
    return try value(object, depth: 0, nodes: &nodes)
  }

  private static func value(_ object: Any, depth: Int, nodes: inout Int) throws(DocumentError) -> DocumentValue {
    nodes += 1
    guard depth <= DocumentLimits.depth, nodes <= DocumentLimits.nodes else {
      throw DocumentError(line: nil, reason: "too deep or too many values")
    }
    switch object {
    case let text as String: return .scalar(text)
    case let number as NSNumber: return .scalar(number.stringValue)
    case let array as [Any]:
      var items: [DocumentValue] = []
      for item in array { items.append(try value(item, depth: depth + 1, nodes: &nodes)) }
      return .sequence(items)
    case let dictionary as [String: Any]:
      var entries: [DocumentValue.Entry] = []
      for (key, item) in dictionary.sorted(by: { $0.key < $1.key }) {
        entries.append(.init(key: key, value: try value(item, depth: depth + 1, nodes: &nodes)))
      }
      return .mapping(entries)
    default: return .null
    }
  }
}
