internal import Cluster
internal import JSONCoding
internal import Observability
internal import Transcoding

/// Streams and clients as the listings show them (api.md §2.6). URLs are masked unless the operator wants them whole.
struct StreamRendering: Sendable {
  let showsSourceURLs: Bool

  private func url(_ text: String) -> JSON { .string(showsSourceURLs ? text : Masking.mask(url: text)) }

  func stream(_ record: StreamRecord) -> JSON {
    let registration = record.registration
    let report = record.report
    let index = report.currentURLIndex
    let failovers = registration.failoverURLs
    let current =
      report.currentURL ?? (failovers.indices.contains(index) ? failovers[index] : registration.sourceURL)
    var profile: String?
    var format = "mpegts"
    if case .transcoded(let transcode) = registration.kind {
      profile = transcode.profile
      format = transcode.outputFormat
    }
    return .object([
      ("stream_id", .string(record.id.text)), ("original_url", url(registration.sourceURL)),
      ("current_url", url(current)),
      ("user_agent", .string(registration.userAgent)), ("client_count", .integer(record.clientCount)),
      ("total_bytes_served", .unsigned(record.totalBytes)), ("total_segments_served", .unsigned(record.totalSegments)),
      ("error_count", .integer(report.errorCount)), ("is_active", .bool(record.status != .failed)),
      ("has_failover", .bool(!failovers.isEmpty || registration.failoverResolverURL != nil)),
      ("failover_urls", .array(failovers.map(url))),
      ("failover_resolver_url", registration.failoverResolverURL.map(url) ?? .null),
      ("current_failover_index", .integer(index)), ("failover_attempts", .integer(report.failoverAttempts)),
      ("last_failover_time", report.lastFailover.map { .string($0.text) } ?? .null),
      ("stream_type", .string(word(registration))), ("created_at", .string(record.createdAt.text)),
      ("last_access", .string(record.lastAccess.text)), ("metadata", metadata(registration)),
      ("headers", .map(registration.headers.mapValues { _ in "***" })), ("status", .string(status(record))),
      ("owner", .optional(record.owner?.text)), ("epoch", .unsigned(record.epoch.value)),
      ("profile", .optional(profile)),
      ("output_format", .string(format)), ("started_at", record.startedAt.map { .string($0.text) } ?? .null),
      ("restarts", .integer(report.restarts)),
      ("last_error", .optional(report.lastError.map { masked($0, registration) })),
      ("ffmpeg_pid", report.ffmpegPID.map { .integer(Int($0)) } ?? .null), ("media_info", media(report.mediaInfo)),
      ("output_media_info", media(report.outputMediaInfo)),
    ])
  }

  /// Where each client has an FFmpeg of its own nobody owns the stream: it runs while it has clients.
  private func status(_ record: StreamRecord) -> String {
    let runsForClients = record.status == .idle && record.clientCount > 0 && !Delivery(record.registration.kind).hasLog
    return runsForClients ? "running" : record.status.rawValue
  }

  private func word(_ registration: StreamRegistration) -> String {
    let isTranscoded = registration.metadata["transcoding"] != nil
    return (try? SourceURL(registration.sourceURL))?.category(isTranscoded: isTranscoded).rawValue
      ?? SourceCategory.live.rawValue
  }

  private func metadata(_ registration: StreamRegistration) -> JSON {
    .map(registration.metadata.mapValues { masked($0, registration) })
  }

  /// Text that may hold URLs. The stream's own first, as a whole: it may contain blanks, at which any other URL ends.
  private func masked(_ text: String, _ registration: StreamRegistration) -> String {
    guard !showsSourceURLs else { return text }
    let own = registration.sourceURL
    return Masking.mask(text: text.replacing(own, with: Masking.mask(url: own)))
  }

  private func media(_ properties: [String: MediaProperty]) -> JSON {
    .object(
      properties.sorted { $0.key < $1.key }.map { name, value in
        switch value {
        case .text(let text): (name, .string(text))
        case .integer(let number): (name, .integer(number))
        case .number(let number): (name, .number(number))
        }
      })
  }

  func client(_ client: ClientRecord) -> JSON {
    .object([
      ("client_id", .string(client.id.text)), ("stream_id", .string(client.stream.text)),
      ("user_agent", .string(client.userAgent)), ("ip_address", .string(client.address)),
      ("username", .string(client.username)), ("bytes_served", .unsigned(client.bytesServed)),
      ("segments_served", .unsigned(client.segmentsServed)), ("created_at", .string(client.connectedAt.text)),
      ("last_access", .string(client.lastSeen.text)), ("is_connected", .bool(true)),
      ("worker", .string(client.worker.text)), ("format", .string(client.format.rawValue)),
      ("position", client.position.map { .unsigned($0) } ?? .null), ("lag_ms", .unsigned(client.lagMilliseconds)),
    ])
  }
}
