internal import JSONCoding
internal import Transcoding

/// GET /info (api.md §2.6): what this worker is and how it is set. No secret in any field.
struct WorkerInformation: Sendable {
  let configuration: Configuration
  let port: UInt16
  let ffmpegVersion: String?
  let hardware: HardwareSupport
  let catalog: ProfileCatalog
  let startedAt: ContinuousClock.Instant

  var version: String { ProductVersion.text }
  var rootPath: String { configuration.server.rootPath }
  var uptimeSeconds: Int { Int(startedAt.duration(to: .now).components.seconds) }

  var json: JSON {
    .object([
      ("version", .string(version)), ("ffmpeg_version", .optional(ffmpegVersion)), ("streamlink_version", .null),
      ("ytdlp_version", .null), ("hardware_acceleration", hardwareAcceleration), ("redis", redis),
      ("transcoding", transcoding), ("configuration", settings), ("worker", worker),
    ])
  }

  private var hardwareAcceleration: JSON {
    .object([
      ("enabled", .bool(hardware.isAvailable)), ("type", .string(hardware.kind.rawValue)),
      ("device", .optional(hardware.device)),
      ("ffmpeg_args", .array(hardware.inputArguments.map { .string($0) })),
    ])
  }

  private var redis: JSON {
    .object([
      ("enabled", .bool(configuration.redis.isEnabled)),
      ("pooling_enabled", .bool(configuration.sharing.poolsTranscodes)), ("host", .null), ("port", .null),
      ("password", .null), ("db", .null), ("max_clients_per_stream", .null), ("stream_timeout", .null),
      ("sharing_strategy", .null),
    ])
  }

  private var transcoding: JSON {
    let profiles = catalog.listing.map { ($0.name, JSON.string($0.description)) }
    return .object([("enabled", .bool(ffmpegVersion != nil)), ("profiles", .object(profiles))])
  }

  private var settings: JSON {
    .object([
      ("default_user_agent", .string(configuration.source.userAgent)),
      ("client_timeout", .seconds(configuration.clients.hlsTimeout)),
      ("stream_timeout", .seconds(configuration.clients.streamTimeout)),
      ("cleanup_interval", .seconds(configuration.cluster.cleanupInterval)),
      ("max_retries", .integer(configuration.source.retryAttempts)),
    ])
  }

  private var worker: JSON {
    .object([
      ("worker_id", .string(configuration.shownWorkerID(port: port))),
      ("heartbeat_interval", .seconds(configuration.cluster.heartbeatInterval)),
      ("multi_worker_mode", .bool(configuration.redis.isEnabled)),
    ])
  }
}

extension JSON {
  /// Whole seconds as an integer, others as a number.
  static func seconds(_ duration: Duration) -> JSON {
    let seconds = duration / .seconds(1)
    return seconds == seconds.rounded() ? .integer(Int64(seconds)) : .number(seconds)
  }
}
