import Testing

/// The real binary between real sources and real players. One after the other: each test measures times.
@Suite(.serialized, .timeLimit(.minutes(3))) enum PlaybackTests {}
