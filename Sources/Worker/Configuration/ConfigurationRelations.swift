/// A rule between settings. Checked only when each of them is allowed by itself.
struct Relation: Sendable {
  let names: [String]
  /// What must be, as it reads after the first name and a colon, and the way out where it is not obvious.
  let text: String
  let holds: @Sendable (Configuration) -> Bool

  static let all: [Relation] =
    [
      Relation(names: ["LEASE_TTL_MS", "LEASE_GIVE_UP_MS"], text: "must be greater than LEASE_GIVE_UP_MS") {
        $0.cluster.leaseTimeToLive > $0.cluster.leaseGiveUp
      },
      Relation(
        names: ["LEASE_GIVE_UP_MS", "LEASE_RENEW_MS"], text: "must be greater than 1.2 × LEASE_RENEW_MS"
      ) { $0.cluster.leaseGiveUp > $0.cluster.leaseRenew * 6 / 5 },
      Relation(names: ["LEASE_CHECK_MS", "LEASE_TTL_MS"], text: "must not be greater than LEASE_TTL_MS") {
        $0.cluster.leaseCheck <= $0.cluster.leaseTimeToLive
      },
      Relation(
        names: ["BUFFER_SECONDS", "HLS_SEGMENT_SECONDS", "HLS_LIST_SIZE"],
        text: "must be greater than HLS_SEGMENT_SECONDS × HLS_LIST_SIZE, or playlists name what has gone"
      ) { $0.buffer.window > $0.hls.segmentDuration * $0.hls.listSize },
      Relation(names: ["JOIN_BEHIND", "BUFFER_SECONDS"], text: "must be less than BUFFER_SECONDS") {
        $0.buffer.joinBehind < $0.buffer.window
      },
      Relation(names: ["BUFFER_TTL", "BUFFER_SECONDS"], text: "must not be less than BUFFER_SECONDS") {
        $0.buffer.timeToLive >= $0.buffer.window
      },
      Relation(
        names: ["STRICT_LIVE_TS_PREBUFFER_SIZE", "BUFFER_BYTES"],
        text: "must be less than BUFFER_BYTES"
      ) { $0.strictLive.prebufferBytes < $0.buffer.bytes },
      Relation(
        names: ["HLS_PLAYLIST_MAX_BYTES", "HLS_CACHE_BYTES"],
        text: "must not be greater than HLS_CACHE_BYTES, unless that is 0"
      ) { $0.hls.cacheBytes == 0 || $0.hls.playlistMaximumBytes <= $0.hls.cacheBytes },
      Relation(
        names: ["API_SHOW_SOURCE_URLS", "API_TOKEN"],
        text: "true needs API_TOKEN: without it everybody could read the sources' credentials"
      ) { !$0.auth.showsSourceURLs || $0.auth.apiToken != nil },
      Relation(
        names: ["DOCS_URL", "REDOC_URL", "OPENAPI_URL"],
        text: "must differ from REDOC_URL and OPENAPI_URL, and they from each other"
      ) {
        Set([$0.server.docsPath, $0.server.redocPath, $0.server.openAPIPath]).count == 3
      },
      Relation(
        names: ["DOCS_URL", "REDOC_URL", "OPENAPI_URL"],
        text: "must not begin like another route (/streams, /health …), nor must the two others"
      ) {
        [$0.server.docsPath, $0.server.redocPath, $0.server.openAPIPath].allSatisfy { path in
          !LaterRoutes.takenNames.contains(String(path.split(separator: "/").first ?? ""))
        }
      },
      Relation(
        names: ["REDIS_SSL_CERTFILE", "REDIS_SSL_KEYFILE"], text: "goes together with REDIS_SSL_KEYFILE"
      ) { ($0.redis.tlsCertificateFile == nil) == ($0.redis.tlsKeyFile == nil) },
    ] + ofFrames

  private static let ofFrames: [Relation] = [
    Relation(
      names: ["FRAMES_ENABLED", "REDIS_ENABLED"],
      text: "true needs Redis, where accepted frames are kept: give REDIS_ENABLED=true or REDIS_URL"
    ) { !$0.frames.isEnabled || $0.redis.isEnabled },
    Relation(
      names: ["PROCESSING_FRAMES_PER_SEGMENT", "PROCESSING_FRAME_INTERVAL_SECONDS"],
      text: "× PROCESSING_FRAME_INTERVAL_SECONDS must not be greater than 60 s, the longest segment"
    ) { $0.frames.cutting.frameInterval * $0.frames.cutting.framesPerSegment <= .seconds(60) },
    Relation(
      names: ["PROCESSING_DEVICE_QUEUE_MAXSIZE", "PROCESSING_FRAMES_PER_SEGMENT"],
      text: "must not be less than PROCESSING_FRAMES_PER_SEGMENT"
    ) { $0.frames.reading.deviceQueue >= $0.frames.cutting.framesPerSegment },
    Relation(
      names: ["FRAMES_PENDING_MAX", "FRAMES_BACKLOG_MAX"], text: "must not be less than FRAMES_BACKLOG_MAX"
    ) { $0.frames.reading.mostPending >= $0.frames.intake.backlog },
    Relation(
      names: ["FRAMES_BACKLOG_MAX", "FRAMES_DEVICE_BACKLOG_MAX"],
      text: "must not be less than FRAMES_DEVICE_BACKLOG_MAX"
    ) { $0.frames.intake.backlog >= $0.frames.intake.deviceBacklog },
    Relation(
      names: ["STORAGE_LOW_FREE_PERCENT", "STORAGE_MIN_FREE_PERCENT"],
      text: "must be greater than STORAGE_MIN_FREE_PERCENT, or both 0, which switches them off"
    ) { configuration in
      let storage = configuration.frames.storage
      return storage.lowFreePercent > storage.minFreePercent
        || (storage.lowFreePercent, storage.minFreePercent) == (0, 0)
    },
  ]
}
