extension SettingTable {
  static let recorder = [
    Setting(
      "FRAMES_ENABLED", default: "false", .boolean, \.frames.isEnabled, in: .frames,
      "true: this worker records frames of devices; needs Redis"),
    Setting(
      "FRAMES_PARTITIONS", default: "64", .integer(1...4096), \.frames.partitions, in: .frames,
      "parts that the devices are spread over; in the whole cluster the same, for ever"),
    Setting(
      "PROCESSING_FRAMES_PER_SEGMENT", default: "6", .integer(1...600), \.frames.cutting.framesPerSegment, in: .frames,
      "frames of a segment"),
    Setting(
      "PROCESSING_FRAME_INTERVAL_SECONDS", default: "1", .seconds(0.04...60), \.frames.cutting.frameInterval,
      in: .frames, "how long a frame is shown, with FRAMES_TIMING=fixed"),
    Setting(
      "PROCESSING_OUTPUT_FRAMERATE", default: "1", .number(0.1...60), \.frames.cutting.frameRate, in: .frames,
      "samples a second that a frame is shown as, with FRAMES_TIMING=fixed"),
    Setting(
      "PROCESSING_SEGMENT_DURATION_SECONDS", default: "6", .seconds(1...60), \.frames.cutting.segmentDuration,
      in: .frames, "longest segment with FRAMES_TIMING=capture; without effect with fixed"),
    Setting(
      "PROCESSING_MAX_SEGMENT_WAIT_SECONDS", default: "60", .seconds(1...3600), \.frames.cutting.longestWait,
      in: .frames, "after so long a segment is made of the frames that there are"),
    Setting(
      "PROCESSING_SEGMENT_TIMER_INTERVAL_SECONDS", default: "1", .seconds(0.05...60), \.frames.cutting.timerInterval,
      in: .frames, "without effect: timers fire at their time, and never later than this allows"),
    Setting(
      "PROCESSING_FRAME_CAPTURE_INTERVAL_SECONDS", default: "5", .seconds(0.04...900),
      \.frames.cutting.captureInterval, in: .frames, "expected time between two frames of a new device"),
    Setting(
      "FRAMES_TIMING", default: "fixed", .choice, \.frames.cutting.timing, in: .frames,
      "fixed: each frame is shown equally long; capture: until the next one's capture time"),
    Setting(
      "FRAMES_REORDER_SECONDS", default: "30", .seconds(0...3600), \.frames.cutting.reorderSpan, in: .frames,
      "how much older than its predecessors a frame may be and be sorted in"),
    Setting(
      "PROCESSING_MAX_WORKERS", default: "0", .integer(0...256, zeroMeans: "one per core"),
      \.frames.encoding.processes, in: .frames, "encoder processes of this worker"),
    Setting(
      "PROCESSING_VIDEO_WIDTH", default: "1920", .even(64...7680), \.frames.encoding.width, in: .frames,
      "widest output in pixels"),
    Setting(
      "FRAMES_UPSCALE", default: "false", .boolean, \.frames.encoding.upscales, in: .frames,
      "true: smaller pictures are scaled up to that width"),
    Setting(
      "FRAMES_TRUNCATED", default: "keep", .choice, \.frames.encoding.truncated, in: .frames,
      "a JPEG without end marker: keep what decodes of it, or drop it"),
    Setting(
      "FRAMES_X264_PRESET", default: "ultrafast", .choice, \.frames.encoding.preset, in: .frames, "x264's preset"),
    Setting(
      "FRAMES_CRF", default: "23", .integer(10...40), \.frames.encoding.crf, in: .frames,
      "x264's constant rate factor; more is smaller and worse"),
    Setting(
      "FRAMES_ENCODE_TIMEOUT_SECONDS", default: "30", .seconds(5...600), \.frames.encoding.timeout, in: .frames,
      "an encoder that takes longer for a segment is killed"),
    Setting(
      "FRAMES_MAX_TRIES", default: "3", .integer(1...10), \.frames.encoding.mostTries, in: .frames,
      "tries of a segment before its frames are looked at one by one"),
    Setting(
      "FRAMES_FILE_WAIT_SECONDS", default: "5", .seconds(0...60), \.frames.encoding.fileWait, in: .frames,
      "how long after its event a frame's file may be missing"),
    Setting(
      "FRAMES_MAX_FRAME_BYTES", default: "16777216", .integer(65_536...67_108_864), \.frames.encoding.maxFrameBytes,
      in: .frames, "largest file of a frame"),
    Setting(
      "FRAMES_MAX_PIXELS", default: "50000000", .integer(1_000_000...200_000_000), \.frames.encoding.maxPixels,
      in: .frames, "largest picture, by its header"),
    Setting(
      "PROCESSING_DEVICE_QUEUE_MAXSIZE", default: "256", .integer(1...10_000), \.frames.reading.deviceQueue,
      in: .frames, "events of a device in memory; beyond, only their ids"),
    Setting(
      "FRAMES_QUEUE_BYTES", default: "67108864", .integer(1_048_576...4_294_967_296), \.frames.reading.queueBytes,
      in: .frames, "events of all devices in a worker's memory"),
    Setting(
      "PROCESSING_RECEIVE_BATCH_SIZE", default: "100", .integer(1...1000), \.frames.reading.batchSize, in: .frames,
      "entries a read"),
    Setting(
      "PROCESSING_RECEIVE_BATCH_TIMEOUT_MS", default: "100", .milliseconds(10...5000), \.frames.reading.batchTimeout,
      in: .frames, "the bridge's wait for a full batch"),
    Setting(
      "FRAMES_PENDING_MAX", default: "1000000", .integer(100...10_000_000), \.frames.reading.mostPending, in: .frames,
      "unfinished entries of a partition from which on nothing more is read"),
    Setting(
      "FRAMES_DEDUPE_SECONDS", default: "900", .integer(0...86_400), \.frames.reading.dedupeSeconds, in: .frames,
      "for how long an event that comes again is known"),
    Setting(
      "FRAMES_CLOCK_SKEW_SECONDS", default: "300", .integer(1...86_400), \.frames.reading.clockSkewSeconds,
      in: .frames, "how far ahead a device's clock may be; else the receive time counts"),
    Setting(
      "FRAMES_MIN_TIMESTAMP", default: "2015-01-01T00:00:00Z", .moment, \.frames.reading.earliest, in: .frames,
      "capture times before it are none: the receive time counts"),
    Setting(
      "FRAMES_PATH_MAP", default: "", note: "none", SettingParser<PathMapping>.pathMapping.list("mappings"),
      \.frames.reading.pathMap, in: .frames, "how producers name folders, and where they are here"),
  ]

  static let frameIntake = [
    Setting(
      "FRAMES_MAX_PER_REQUEST", default: "100", .integer(1...1000), \.frames.intake.framesPerRequest,
      in: .frameIntake, "frames of one POST"),
    Setting(
      "FRAMES_MAX_REQUEST_BYTES", default: "67108864", .integer(1_048_576...1_073_741_824),
      \.frames.intake.requestBytes, in: .frameIntake, "body of such a POST, in place of MAX_BODY_BYTES"),
    Setting(
      "FRAMES_CLIENT_TOKENS", default: "", note: "none", SettingParser<String>.text().optional,
      \.frames.intake.clientTokensFile, in: .frameIntake, "file of lines 'token client': who sends with which token"),
    Setting(
      "FRAMES_REQUEST_LINKS", default: "false", .boolean, \.frames.intake.linksRequests, in: .frameIntake,
      "true: a link in the storage for each request_id"),
    Setting(
      "FRAMES_BACKLOG_MAX", default: "100000", .integer(100...10_000_000), \.frames.intake.backlog, in: .frameIntake,
      "entries of a partition from which on nothing is accepted: 503"),
    Setting(
      "FRAMES_DEVICE_BACKLOG_MAX", default: "10000", .integer(100...10_000_000), \.frames.intake.deviceBacklog,
      in: .frameIntake, "entries of a device from which on nothing of it is accepted: 429"),
    Setting(
      "FRAMES_PLAYLIST_FILES", default: "true", .boolean, \.frames.playlists.writesFiles, in: .frameIntake,
      "playlists also as files in the storage"),
    Setting(
      "FRAMES_PLAYLIST_WRITE_SECONDS", default: "2", .seconds(0...60), \.frames.playlists.writePause,
      in: .frameIntake, "shortest time between two writes of a device's playlist"),
    Setting(
      "FRAMES_PUBLIC_PLAY", default: "false", .boolean, \.frames.playlists.isPublic, in: .frameIntake,
      "true: recordings need no token"),
    Setting(
      "PULSAR_SERVICE_URL", default: "pulsar://localhost:6650", .text(), \.frames.pulsar.serviceURL,
      in: .frameIntake, "Pulsar that the bridge reads"),
    Setting(
      "PULSAR_TOPIC", default: "persistent://streamhub/stream/frames", .text(), \.frames.pulsar.topic,
      in: .frameIntake, "its topic"),
    Setting(
      "PULSAR_SUBSCRIPTION", default: "stream-processor", .text(), \.frames.pulsar.subscription, in: .frameIntake,
      "the subscription, Key_Shared"),
    Setting(
      "PULSAR_CONSUMER_NAME", default: "stream-processor-consumer", .text(), \.frames.pulsar.consumerName,
      in: .frameIntake, "what the consumer's name begins with"),
    Setting(
      "PULSAR_LIBRARY", default: "", note: "libpulsar.so", SettingParser<String>.text().optional,
      \.frames.pulsar.library, in: .frameIntake, "file of Pulsar's C library"),
    Setting(
      "PULSAR_INITIAL_POSITION", default: "earliest", .choice, \.frames.pulsar.initialPosition, in: .frameIntake,
      "where a new subscription begins"),
    Setting(
      "PULSAR_TOKEN", default: "", note: "none", SettingParser<String>.text().optional, \.frames.pulsar.token,
      masking: .whole, in: .frameIntake, "token of the bridge"),
    Setting(
      "PULSAR_TOKEN_FILE", default: "", note: "none", SettingParser<String>.text().optional,
      \.frames.pulsar.tokenFile, in: .frameIntake, "file that the token is read from"),
    Setting(
      "PULSAR_TLS_CA_FILE", default: "", note: "the system's", SettingParser<String>.text().optional,
      \.frames.pulsar.tlsAuthoritiesFile, in: .frameIntake, "file of authorities"),
    Setting(
      "PULSAR_TLS_ALLOW_INSECURE", default: "false", .boolean, \.frames.pulsar.tlsAllowsInsecure, in: .frameIntake,
      "true: the certificate is not checked"),
    Setting(
      "PULSAR_MAX_UNACKED", default: "1000", .integer(1...100_000), \.frames.pulsar.maxUnacked, in: .frameIntake,
      "messages that may wait for their acknowledgement"),
  ]

  static let frameStorage = [
    Setting(
      "STORAGE_TYPE", default: "filesystem", .choice, \.frames.storage.kind, in: .frameStorage,
      "where frames and recordings lie; this build has folders only"),
    Setting(
      "STORAGE_BASE_PATH", default: "/storage/streams", .folder, \.frames.storage.basePath, in: .frameStorage,
      "the folder, for all workers the same one; must exist and be writable"),
    Setting(
      "STORAGE_LOW_FREE_PERCENT", default: "10", .integer(0...90), \.frames.storage.lowFreePercent, in: .frameStorage,
      "less free space: recorded frames go early"),
    Setting(
      "STORAGE_MIN_FREE_PERCENT", default: "5", .integer(0...90), \.frames.storage.minFreePercent, in: .frameStorage,
      "less free space: recording pauses"),
    Setting(
      "STORAGE_SHED", default: "off", .choice, \.frames.storage.shed, in: .frameStorage,
      "segments: the oldest of all recordings go then too"),
    Setting(
      "PROCESSING_RETENTION_HOURS", default: "24", .integer(1...720), \.frames.upkeep.retentionHours,
      in: .frameStorage, "recordings are kept for so long"),
    Setting(
      "FRAMES_GRACE_SECONDS", default: "300", .integer(30...86_400), \.frames.upkeep.graceSeconds, in: .frameStorage,
      "a segment's file stays so long after it has left the playlist"),
    Setting(
      "FRAMES_CLEANUP_INTERVAL_SECONDS", default: "300", .seconds(10...86_400), \.frames.upkeep.cleanupInterval,
      in: .frameStorage, "time between two sweeps of the storage"),
    Setting(
      "FRAMES_KEEP_HOURS", default: "", note: "as PROCESSING_RETENTION_HOURS",
      SettingParser<Int>.integer(0...720, zeroMeans: "until they are recorded").optional,
      \.frames.upkeep.givenKeepHours, in: .frameStorage, "frames' own files are kept for so long"),
    Setting(
      "ARCHIVE_ENABLED", default: "true", .boolean, \.frames.archives.isEnabled, in: .frameStorage,
      "ended transmissions are kept as archives"),
    Setting(
      "ARCHIVE_RETENTION_DAYS", default: "7", .integer(1...3650), \.frames.archives.retentionDays, in: .frameStorage,
      "for so long"),
    Setting(
      "ARCHIVE_MIN_SESSION_DURATION_SECONDS", default: "60", .integer(0...86_400),
      \.frames.archives.minSessionSeconds, in: .frameStorage, "shorter transmissions get no archive"),
    Setting(
      "ARCHIVE_OFFLINE_THRESHOLD_SECONDS", default: "60", .integer(5...86_400), \.frames.archives.offlineSeconds,
      in: .frameStorage, "a device that is silent for longer has ended its transmission"),
    Setting(
      "ARCHIVE_MAX_SESSION_DURATION_SECONDS", default: "7200", .sessionLimit, \.frames.archives.maxSessionSeconds,
      in: .frameStorage, "a longer transmission is cut into several"),
    Setting(
      "FRAMES_CHECK_INTERVAL_SECONDS", default: "10", .seconds(1...3600), \.frames.archives.checkInterval,
      in: .frameStorage, "time between two looks for ended transmissions"),
    Setting(
      "FRAMES_ARCHIVE_HOLD_HOURS", default: "6", .integer(0...72), \.frames.archives.holdHours, in: .frameStorage,
      "how much longer segments wait for their archive"),
    Setting(
      "ARCHIVE_DATABASE_URL", default: "", note: "none", SettingParser<String>.text().optional,
      \.frames.archives.databaseURL, masking: .whole, in: .frameStorage, "database of archives"),
    Setting(
      "METRICS_ENABLED", default: "true", .boolean, \.frames.metrics.isEnabled, in: .frameStorage,
      "metrics on METRICS_PORT"),
    Setting(
      "METRICS_PORT", default: "", note: "9090; none in workers", SettingParser<UInt16>.integer(1...65_535).optional,
      \.frames.metrics.port, in: .frameStorage, "port of the metrics of processes without HTTP"),
    Setting(
      "METRICS_DEVICE_LABELS", default: "false", .boolean, \.frames.metrics.labelsDevices, in: .frameStorage,
      "true: counters of at most 1,000 devices with their ids"),
  ]

  static let watermark = [
    Setting(
      "WATERMARK_ENABLED", default: "false", .boolean, \.frames.watermark.isEnabled, in: .watermark,
      "true: the time at which a frame reached the intake is drawn into the recording"),
    Setting(
      "WATERMARK_POSITION", default: "top_right", .choice, \.frames.watermark.corner, in: .watermark, "its corner"),
    Setting(
      "WATERMARK_FONT_SIZE", default: "24", .integer(8...200), \.frames.watermark.fontSize, in: .watermark,
      "height of its line in pixels"),
    Setting(
      "WATERMARK_FORMAT", default: "%Y-%m-%d %H:%M:%S.%f", .watermarkFormat, \.frames.watermark.format,
      in: .watermark, "what it says"),
    Setting(
      "WATERMARK_TIMEZONE", default: "UTC", .timeZone, \.frames.watermark.timeZone, in: .watermark,
      "the zone of its time"),
    Setting(
      "WATERMARK_SHOW_TIMEZONE", default: "true", .boolean, \.frames.watermark.showsTimeZone, in: .watermark,
      "whether the zone stands behind"),
  ]
}
