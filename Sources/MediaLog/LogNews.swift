/// What a store tells the follower of a log.
package enum LogNews: Sendable {
  /// Chunks that were committed, oldest first; none at first if there are none yet.
  case entries([ChunkEntry])
  /// The log gets no more chunks of its present owner.
  case ended(LogEnd)
  /// The store cannot be reached. It goes on with entries once it can; or, if that takes too long, with an end as failed.
  case unavailable
}

/// Interest in a log's news. Ends with `cancel` or its release; a call that runs at that moment ends by itself.
package final class LogSubscription: Sendable {
  private let stop: @Sendable () -> Void

  package init(cancel: @escaping @Sendable () -> Void) { stop = cancel }

  package func cancel() { stop() }

  deinit { stop() }
}
