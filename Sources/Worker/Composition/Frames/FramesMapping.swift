internal import Foundation
internal import FrameEncoding
internal import FrameRecorder

extension Configuration {
  /// What the recorder's scripts go by.
  var frameStore: FrameStoreSettings {
    var settings = FrameStoreSettings(
      keys: FrameKeys(partitions: frames.partitions, usesHashTags: redis.usesClusterProtocol))
    settings.dedupeSeconds = frames.reading.dedupeSeconds
    settings.offline = OfflineRule(thresholdSeconds: frames.archives.offlineSeconds)
    settings.retention =
      ShortRetention.rule
      ?? RetentionRule(
        retentionHours: frames.upkeep.retentionHours, archiveHoldHours: frames.archives.holdHours,
        graceSeconds: frames.upkeep.graceSeconds)
    settings.archive = ArchiveRule(
      isEnabled: frames.archives.isEnabled, minDurationSeconds: frames.archives.minSessionSeconds,
      retentionDays: frames.archives.retentionDays)
    return settings
  }

  /// How frames are read, cut and made into segments. Throws `WatermarkError`.
  func recorder() throws -> RecorderSettings {
    var batch = BatchSettings(
      session: SessionRule(
        maxDurationSeconds: frames.archives.maxSessionSeconds, retention: frameStore.retention.retention,
        offline: frameStore.offline),
      encoding: try frameEncoding())
    batch.mostTries = frames.encoding.mostTries
    batch.fileWait = frames.encoding.fileWait
    batch.target = frames.cutting.target
    batch.firstInterval = Int64((frames.cutting.captureInterval / .milliseconds(1)).rounded())
    var settings = RecorderSettings(
      batch: batch,
      time: FrameTimeRule(
        clockSkewSeconds: frames.reading.clockSkewSeconds, earliest: frames.reading.earliest),
      paths: FramePathRule(
        base: frames.storage.basePath, map: frames.reading.pathMap.map { (from: $0.from, to: $0.to) }))
    settings.cut.framesPerSegment = frames.cutting.framesPerSegment
    settings.cut.longestWait = frames.cutting.longestWait
    settings.cut.reorderSpan = frames.cutting.reorderSpan
    settings.cut.mostHeld = frames.reading.deviceQueue
    settings.cut.timing = frames.cutting.frameTiming
    settings.batchSize = frames.reading.batchSize
    settings.mostPending = frames.reading.mostPending
    settings.unlinksFrames = frames.upkeep.keepHours == 0
    return settings
  }

  /// What one request may bring.
  var frameIntake: IntakeSettings {
    var settings = IntakeSettings()
    settings.maxFrameBytes = frames.encoding.maxFrameBytes
    settings.maxPixels = frames.encoding.maxPixels
    settings.maxFrames = frames.intake.framesPerRequest
    settings.limits = IntakeLimits(partition: frames.intake.backlog, device: frames.intake.deviceBacklog)
    settings.makesRequestLinks = frames.intake.linksRequests
    return settings
  }

  private func frameEncoding() throws -> EncodingSettings {
    var settings = EncodingSettings(base: frames.storage.basePath)
    settings.limits = FrameLimits(
      maxBytes: frames.encoding.maxFrameBytes, maxPixels: frames.encoding.maxPixels,
      keepsTruncated: frames.encoding.truncated == .keep)
    settings.timing = frames.cutting.frameTiming
    settings.maxWidth = frames.encoding.width
    settings.upscales = frames.encoding.upscales
    settings.preset = frames.encoding.preset.rawValue
    settings.crf = frames.encoding.crf
    if frames.watermark.isEnabled {
      settings.watermark = try WatermarkStyle(
        position: frames.watermark.corner.rawValue, fontSize: frames.watermark.fontSize,
        format: frames.watermark.format, timeZone: frames.watermark.timeZone,
        showsTimeZone: frames.watermark.showsTimeZone)
    }
    return settings
  }

  /// Encoder processes of this worker.
  var encoders: Int {
    frames.encoding.processes > 0 ? frames.encoding.processes : ProcessInfo.processInfo.activeProcessorCount
  }
}

extension FrameConfiguration.Cutting {
  var frameTiming: FrameTiming {
    switch timing {
    case .fixed:
      .fixed(
        duration: frameInterval.ticks, samples: max(1, Int((frameInterval / .seconds(1) * frameRate).rounded())))
    case .capture: .capture(longest: segmentDuration.ticks, last: captureInterval.ticks)
    }
  }

  /// EXT-X-TARGETDURATION, s.
  var target: Int {
    let longest = timing == .fixed ? frameInterval * framesPerSegment : segmentDuration
    return max(1, Int((longest / .seconds(1)).rounded(.up)))
  }
}

extension Duration {
  /// In 1/90,000 s.
  fileprivate var ticks: Int64 { Int64((self / .seconds(1) * 90_000).rounded()) }
}
