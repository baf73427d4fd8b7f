internal import Cluster
internal import Identifiers
internal import Synchronization

/// Viewers that the coordinator does not know. Who is unknown once may have been lost by a store and be put back at once.
final class GoneViewers: Sendable {
  /// Between the first word and the one that counts.
  static let patience = Duration.milliseconds(1500)
  private static let oldest = Duration.seconds(60)

  private let since = Mutex<[ClientReference: ContinuousClock.Instant]>([:])

  /// `asked`: whom the coordinator was asked about; `gone`: whom it did not know. Answers who is to be closed.
  func judge(
    asked: some Sequence<ClientReference>, gone: [ClientReference], now: ContinuousClock.Instant = .now
  ) -> [ClientReference] {
    since.withLock { since in
      let gone = Set(gone)
      for viewer in asked where !gone.contains(viewer) { since[viewer] = nil }
      since = since.filter { $0.value.duration(to: now) < Self.oldest }
      for viewer in gone where since[viewer] == nil { since[viewer] = now }
      return gone.filter { viewer in
        guard let first = since[viewer], first.duration(to: now) >= Self.patience else { return false }
        since[viewer] = nil
        return true
      }
    }
  }
}
