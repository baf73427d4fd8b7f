internal import Identifiers

extension [ClientRecord] {
  /// Sorts indices: records are large, and there may be tens of thousands.
  func longestConnectedFirst() -> [ClientRecord] {
    let order = indices.sorted {
      let (left, right) = (self[$0].connectedAt, self[$1].connectedAt)
      return left != right ? left < right : self[$0].id.text < self[$1].id.text
    }
    return order.map { self[$0] }
  }
}
