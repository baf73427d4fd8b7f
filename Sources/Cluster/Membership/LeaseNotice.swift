/// What the rest of a worker is told of its lease.
package enum LeaseNotice: Sendable, Equatable {
  /// It may publish, for the first time or again. `wasGone`: the store had no lease of this worker, so others may have
  /// taken its streams over: the next commit tells.
  case gained(wasGone: Bool)
  /// It has published all the time, but the store has lost the lease, and perhaps everything: assert the streams anew.
  case restored
  /// Nothing was confirmed in time: publish nothing.
  case gaveUp
  /// An earlier life of this worker id, or another worker, has the lease: nothing is published yet. Its token.
  case waits(for: String)
  /// The same worker id runs twice: publish nothing. The token of the other life.
  case lost(to: String)
  /// The lease connection is there. `sameServer`: the server of the last time, with its memory.
  case connected(sameServer: Bool)
  case disconnected(reason: String)
}
