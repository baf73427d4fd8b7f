extension Configuration {
  package struct Source: Sendable {
    /// Targets that may be reached although refused by default: items as in api.md §5.
    package var allow: [String] = []
    var givenCallbackAllow: [String]?
    package var userAgent = ""
    package var connectTimeout: Duration = .zero
    package var firstByteTimeout: Duration = .zero
    /// Silence that counts as a stall.
    package var stallTimeout: Duration = .zero
    /// Upstream silence of a film before it is resumed.
    package var vodReadTimeout: Duration = .zero
    package var retryAttempts = 0
    package var retryDelay: Duration = .zero
    /// Each delay 1.5 times the one before.
    package var retryDelayGrows = false
    package var retryWindow: Duration = .zero
    package var hold: Duration = .zero
    /// Zero = never.
    package var totalTimeout: Duration = .zero
    /// 0 = each URL of the list in each round.
    package var maximumFailovers = 0
    package var resolverTimeout: Duration = .zero
    package var usesStickySession = false

    /// As `allow`, for resolvers, webhooks, callbacks and test connections.
    package var callbackAllow: [String] { givenCallbackAllow ?? allow }
  }

  /// `STRICT_LIVE_TS`.
  package struct StrictLive: Sendable {
    package var isOn = false
    package var prebufferBytes = 0
    package var prebufferTimeout: Duration = .zero
    package var stallTimeout: Duration = .zero
    /// How long a bad URL is skipped.
    package var cooldown: Duration = .zero
  }

  package struct Bitrate: Sendable {
    package var isOn = false
    package var minimumBytesPerSecond = 0
    package var checkInterval: Duration = .zero
    /// Low checks in a row that make a failover.
    package var failoverThreshold = 0
    package var gracePeriod: Duration = .zero
  }

  package struct Silence: Sendable {
    package var isOn = false
    package var thresholdDecibels = 0.0
    package var duration: Duration = .zero
    package var checkInterval: Duration = .zero
    /// Silent windows in a row that make a failover.
    package var failoverThreshold = 0
    package var gracePeriod: Duration = .zero
  }

  package struct FFmpeg: Sendable {
    package enum Templates: String, CaseIterable, Sendable {
      case checked, off
    }

    package enum Hardware: String, CaseIterable, Sendable {
      case auto
      case present = "true"
      case absent = "false"
    }

    package enum HardwareType: String, CaseIterable, Sendable {
      case nvidia, intel, amd, vaapi, cpu
    }

    package var path = ""
    /// 0 = no limit.
    package var memoryMebibytes = 0
    /// From SIGTERM to SIGKILL.
    package var killGrace: Duration = .zero
    package var templates: Templates = .checked
    /// Options that templates may use besides the list of api.md §4.4, each with its dash.
    package var allowedOptions: [String] = []
    /// Nil: `config/profiles.yaml`, or `.json`, if there.
    package var profilesFile: String?
    package var hardware: Hardware = .auto
    /// Nil: as found.
    package var hardwareType: HardwareType?
    package var hardwareDevice: String?
  }

  package struct Resolvers: Sendable {
    package var allowsStreamlink = false
    package var allowsYTDLP = false
    /// Nil: `cookies_path` is always refused.
    package var cookiesDirectory: String?
  }
}
