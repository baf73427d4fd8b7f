/// How far the retention is shortened while there is too little space (`STORAGE_SHED=segments`).
package struct ShedRule: Sendable, Equatable {
  private var tenths = 10

  package init() {}

  /// After each sweep. Answers the retention in ms by which segments go now; nil: that of the settings.
  package mutating func swept(isLow: Bool, retention: Int64) -> Int64? {
    guard isLow else {
      tenths = 10
      return nil
    }
    tenths = max(1, tenths - 1)
    return retention / 10 * Int64(tenths)
  }
}
