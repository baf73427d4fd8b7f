package import FrameEncoding
package import FrameRecorder
internal import Glibc

/// The frame recorder: everything of device frames (`FRAMES_*`, `PROCESSING_*`, `ARCHIVE_*`, `WATERMARK_*`, `STORAGE_*`).
package struct FrameConfiguration: Sendable {
  package var isEnabled = false
  /// P
  package var partitions = 0
  package var cutting = Cutting()
  package var encoding = Encoding()
  package var reading = Reading()
  package var intake = Intake()
  package var playlists = Playlists()
  package var upkeep = Upkeep()
  package var archives = Archives()
  package var watermark = Watermark()
  package var storage = Storage()
  package var pulsar = Pulsar()
  package var metrics = Metrics()

  package struct Cutting: Sendable {
    /// N
    package var framesPerSegment = 0
    /// D
    package var frameInterval: Duration = .zero
    /// Of a second of output.
    package var frameRate = 0.0
    package var segmentDuration: Duration = .zero
    /// W
    package var longestWait: Duration = .zero
    package var timerInterval: Duration = .zero
    /// Of a device that nothing is known of.
    package var captureInterval: Duration = .zero
    package var reorderSpan: Duration = .zero
    package var timing: Timing = .fixed

    package enum Timing: String, CaseIterable, Sendable {
      case fixed, capture
    }
  }

  package struct Encoding: Sendable {
    /// Processes; 0 = one per core.
    package var processes = 0
    package var width = 0
    package var upscales = false
    package var truncated: Truncated = .keep
    package var preset: Preset = .ultrafast
    package var crf = 0
    package var timeout: Duration = .zero
    package var mostTries = 0
    package var fileWait: Duration = .zero
    package var maxFrameBytes = 0
    package var maxPixels = 0

    package enum Truncated: String, CaseIterable, Sendable {
      case keep, drop
    }

    /// x264's.
    package enum Preset: String, CaseIterable, Sendable {
      case ultrafast, superfast, veryfast, faster, fast, medium, slow, slower, veryslow
    }
  }

  package struct Reading: Sendable {
    /// Events of a device in memory.
    package var deviceQueue = 0
    /// Events of the worker in memory, in bytes.
    package var queueBytes = 0
    /// Entries a read.
    package var batchSize = 0
    /// Of the bridge.
    package var batchTimeout: Duration = .zero
    /// Unfinished entries of a partition.
    package var mostPending = 0
    package var dedupeSeconds = 0
    package var clockSkewSeconds = 0
    package var earliest = FrameTime(milliseconds: 0)
    package var pathMap: [PathMapping] = []
  }

  package struct Intake: Sendable {
    package var framesPerRequest = 0
    package var requestBytes = 0
    package var clientTokensFile: String?
    package var linksRequests = false
    /// Entries of a partition, of a device.
    package var backlog = 0
    package var deviceBacklog = 0
  }

  package struct Playlists: Sendable {
    package var writesFiles = false
    package var writePause: Duration = .zero
    package var isPublic = false
  }

  package struct Upkeep: Sendable {
    package var retentionHours = 0
    package var graceSeconds = 0
    package var cleanupInterval: Duration = .zero
    var givenKeepHours: Int?

    /// For how long JPEGs are kept; 0: until they are recorded.
    package var keepHours: Int { givenKeepHours ?? retentionHours }
  }

  package struct Archives: Sendable {
    package var isEnabled = false
    package var retentionDays = 0
    package var minSessionSeconds = 0
    package var offlineSeconds = 0
    /// 0 = none.
    package var maxSessionSeconds = 0
    package var checkInterval: Duration = .zero
    package var holdHours = 0
    /// PostgreSQL in the reference; there is no adapter.
    package var databaseURL: String?
  }

  package struct Watermark: Sendable {
    package var isEnabled = false
    package var corner: WatermarkStyle.Corner = .topRight
    package var fontSize = 0
    package var format = ""
    package var timeZone = ""
    package var showsTimeZone = false
  }

  package struct Storage: Sendable {
    package var kind: Kind = .filesystem
    /// Absolute.
    package var basePath = ""
    /// 0…90; both 0: nothing is watched.
    package var lowFreePercent = 0
    package var minFreePercent = 0
    package var shed: Shed = .off

    package enum Kind: String, CaseIterable, Sendable {
      case filesystem, local
    }

    package enum Shed: String, CaseIterable, Sendable {
      case off, segments
    }
  }

  package struct Pulsar: Sendable {
    package var serviceURL = ""
    package var topic = ""
    package var subscription = ""
    package var consumerName = ""
    package var library: String?
    package var initialPosition: InitialPosition = .earliest
    package var token: String?
    package var tokenFile: String?
    package var tlsAuthoritiesFile: String?
    package var tlsAllowsInsecure = false
    package var maxUnacked = 0

    package enum InitialPosition: String, CaseIterable, Sendable {
      case earliest, latest
    }
  }

  package struct Metrics: Sendable {
    package var isEnabled = false
    /// Nil: 9090 for the bridge and a checker of its own, none in workers, which have /metrics.
    package var port: UInt16?
    package var labelsDevices = false
  }
}

extension FrameConfiguration {
  /// A recorder without a storage.
  var refusal: ConfigurationProblem? {
    guard isEnabled else { return nil }
    var status = stat()
    let problem: String
    if stat(storage.basePath, &status) != 0 || status.st_mode & S_IFMT != S_IFDIR {
      problem = "is no folder; make it, or mount the storage"
    } else if access(storage.basePath, R_OK | W_OK | X_OK) != 0 {
      problem = "cannot be written to; look at its permissions"
    } else {
      return nil
    }
    return ConfigurationProblem(name: "STORAGE_BASE_PATH", message: "'\(storage.basePath)' \(problem)")
  }
}

/// An item of `FRAMES_PATH_MAP`: how a producer names a folder, and where it is here.
package struct PathMapping: Hashable, Sendable, CustomStringConvertible {
  package let from: String
  package let to: String

  /// `from=to`, both absolute or URLs; nil for anything else.
  init?(_ text: String) {
    let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map { $0.trimmed }
    guard parts.count == 2, !parts[0].isEmpty, parts[1].hasPrefix("/") else { return nil }
    (from, to) = (parts[0], parts[1])
  }

  package var description: String { "\(from)=\(to)" }
}
