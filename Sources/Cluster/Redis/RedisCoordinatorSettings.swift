/// How long what a coordinator keeps in Redis lives, and what it hides.
package struct RedisCoordinatorSettings: Sendable {
  /// `STREAM_TIMEOUT`: so long an idle id stays. Its keys live a minute longer, in which whoever sweeps tells the end.
  package var streamTimeout = Duration.seconds(60)
  /// A client that its worker does not confirm for so long counts no more. Longer than the timeout that
  /// `expireClients` is given.
  package var clientTTL = Duration.seconds(30)
  /// For so long after Redis has started nobody claims and nothing counts as lost: the lifetime of a lease.
  package var settleTime = Duration.seconds(3)
  /// Of the events and the totals, since the last change.
  package var historyTTL = Duration.seconds(7 * 86_400)
  /// Hides credentials in a URL or a text with URLs before it goes into an event; header values then become `***`.
  /// Nil: events hold what the stream holds.
  package var masking: (@Sendable (String) -> String)?
  /// Moves the clock that the scripts see, in tests.
  package var clockOffset: @Sendable () -> Duration = { .zero }

  /// Whether this worker has its lease and knows what an earlier life of it has left: before that its entry is not
  /// written, and nothing is claimed.
  package var isMember: @Sendable () -> Bool = { true }
  /// `LeaseKeeper.forgetful`: nobody claims a stream without owner for so long.
  package var forgetful: @Sendable () async -> Duration? = { nil }

  package init() {}

  /// Of a stream's hash since the last access or update.
  var streamTTL: Duration { streamTimeout + .seconds(60) }
}
