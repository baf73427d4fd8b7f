internal import Identifiers
internal import JSONCoding

/// What an owner says about its stream, as fields of the stream's hash.
enum ReportFields {
  /// The whole report; an empty value stands for an absent field.
  static func encode(_ report: StreamReport) -> [(String, String)] {
    [
      ("current_index", String(report.currentURLIndex)), ("current_url", report.currentURL ?? ""),
      ("failover_attempts", String(report.failoverAttempts)),
      ("last_failover", report.lastFailover.map { String($0.microseconds) } ?? ""),
      ("ffmpeg_pid", report.ffmpegPID.map { String($0) } ?? ""), ("restarts", String(report.restarts)),
      ("error_count", String(report.errorCount)), ("last_error", report.lastError ?? ""),
      ("head", report.head.map { String($0.value) } ?? ""), ("segment", report.segment.map { String($0.value) } ?? ""),
      ("target_duration", String(report.targetDuration.storedMicroseconds)),
      ("bytes_received", String(report.bytesReceived)), ("media_info", media(report.mediaInfo)),
      ("output_media_info", media(report.outputMediaInfo)),
    ]
  }

  static func decode(_ hash: StoredHash) throws(CoordinatorError) -> StreamReport {
    var report = StreamReport()
    report.currentURLIndex = try hash.number("current_index") ?? -1
    report.currentURL = hash.text("current_url")
    report.failoverAttempts = try hash.number("failover_attempts") ?? 0
    report.lastFailover = try hash.time("last_failover")
    report.ffmpegPID = try hash.number("ffmpeg_pid")
    report.restarts = try hash.number("restarts") ?? 0
    report.errorCount = try hash.number("error_count") ?? 0
    report.lastError = hash.text("last_error")
    report.head = try position(hash, "head").map { ChunkNumber($0) }
    report.segment = try position(hash, "segment").map { SegmentNumber($0) }
    report.targetDuration = .microseconds(try hash.number("target_duration", as: Int64.self) ?? 0)
    report.bytesReceived = try hash.number("bytes_received") ?? 0
    report.mediaInfo = try media(hash, "media_info")
    report.outputMediaInfo = try media(hash, "output_media_info")
    return report
  }

  /// Numbers that have a successor, and that a script can count with.
  private static func position(_ hash: StoredHash, _ field: String) throws(CoordinatorError) -> UInt64? {
    guard let number: UInt64 = try hash.number(field) else { return nil }
    guard number < 1 << 53 else { throw hash.failure(field) }
    return number
  }

  /// As operations of the script `update`: set, clear, add or raise a field.
  static func operations(_ update: StreamUpdate) -> [(String, String, String)] {
    var operations: [(String, String, String)] = []
    func set(_ field: String, _ value: String?) {
      if let value { operations.append((value.isEmpty ? "clear" : "set", field, value)) }
    }
    set("current_index", update.currentURLIndex.map { String($0) })
    set("current_url", update.currentURL)
    set("failover_attempts", update.failoverAttempts.map { String($0) })
    set("last_failover", update.lastFailover.map { String($0.microseconds) })
    set("ffmpeg_pid", update.ffmpegPID.map { $0 == 0 ? "" : String($0) })
    set("target_duration", update.targetDuration.map { String($0.storedMicroseconds) })
    set("media_info", update.mediaInfo.map(media))
    set("output_media_info", update.outputMediaInfo.map(media))
    set("status", update.phase.map(status))
    if let error = update.lastError { operations.append(("set", "last_error", error)) }
    if update.addedRestarts > 0 { operations.append(("add", "restarts", String(update.addedRestarts))) }
    if update.addedErrors > 0 { operations.append(("add", "error_count", String(update.addedErrors))) }
    if update.addedBytesReceived > 0 {
      operations.append(("add", "bytes_received", String(min(update.addedBytesReceived, 1 << 53))))
    }
    if let head = update.head { operations.append(("raise", "head", String(head.value))) }
    if let segment = update.segment { operations.append(("raise", "segment", String(segment.value))) }
    return operations
  }

  static func status(_ phase: StreamUpdate.Phase) -> String {
    switch phase {
    case .starting: StreamStatus.starting.rawValue
    case .running: StreamStatus.running.rawValue
    case .holding: StreamStatus.holding.rawValue
    }
  }

  private static func media(_ properties: [String: MediaProperty]) -> String {
    guard !properties.isEmpty else { return "" }
    let members = properties.sorted { $0.key < $1.key }.map { name, value in
      switch value {
      case .text(let text): (name, JSON.string(text))
      case .integer(let number): (name, JSON.integer(number))
      case .number(let number): (name, JSON.number(number))
      }
    }
    return JSON.object(members).text
  }

  private static func media(_ hash: StoredHash, _ field: String) throws(CoordinatorError) -> [String: MediaProperty] {
    guard let json = try hash.json(field) else { return [:] }
    guard case .object(let members) = json else { throw hash.failure(field) }
    var properties: [String: MediaProperty] = [:]
    for (name, value) in members {
      switch value {
      case .string(let text): properties[name] = .text(text)
      case .integer(let number): properties[name] = .integer(Int(number))
      case .unsigned(let number): properties[name] = .number(Double(number))
      case .number(let number): properties[name] = .number(number)
      case .null, .bool, .array, .object: throw hash.failure(field)
      }
    }
    return properties
  }
}

extension Duration {
  /// Whole microseconds as a script takes them: from 0 to 2⁵³.
  var storedMicroseconds: UInt64 {
    guard self > .zero else { return 0 }
    return self < .microseconds(Int64(1) << 53) ? UInt64(self / .microseconds(1)) : 1 << 53
  }

  /// The same in milliseconds, at least 1.
  var storedMilliseconds: UInt64 { max(1, storedMicroseconds / 1000) }
}
