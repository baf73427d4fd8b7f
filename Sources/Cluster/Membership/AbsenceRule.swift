package import Identifiers

/// Which workers of the `workers` hash are dead: those without a lease at two looks in a row, since one that starts is
/// listed a moment before it has its lease.
package struct AbsenceRule: Sendable {
  private var missing: Set<WorkerID> = []

  package init() {}

  /// `forgetful`: the store may have lost leases, so the look counts for nothing.
  package mutating func look(listed: [WorkerID], leased: Set<WorkerID>, forgetful: Bool) -> [WorkerID] {
    guard !forgetful else {
      missing = []
      return []
    }
    let absent = listed.filter { !leased.contains($0) }
    defer { missing = Set(absent) }
    return absent.filter(missing.contains)
  }
}
