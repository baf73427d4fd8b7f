/// What must be known of FFmpeg's options to read a command line as FFmpeg does. Names are matched whole: FFmpeg
/// accepts no abbreviations.
enum OptionNames {
  /// FFmpeg's own options without value. All others, and every codec or format option, take the next argument.
  private static let withoutValue: Set<String> = [
    "accurate_seek", "an", "auto_conversion_filters", "autorotate", "autoscale", "benchmark", "benchmark_all",
    "bitexact", "copy_unknown", "copyinkf", "copyts", "debug_ts", "display_hflip", "display_vflip", "dn", "dump",
    "find_stream_info", "fix_sub_duration", "force_fps", "hex", "hide_banner", "ignore_unknown", "n", "psnr",
    "qphist", "re", "recast_media", "report", "shortest", "sn", "start_at_zero", "stats", "stdin", "vn", "vstats",
    "xerror", "y",
  ]

  /// Also for the negative form: `-nostdin`, `-nostats`.
  static func takesNoValue(_ name: String) -> Bool {
    withoutValue.contains(name) || (name.hasPrefix("no") && withoutValue.contains(String(name.dropFirst(2))))
  }

  /// Options that change nothing a viewer could see; the server's own take their place.
  static func isWithoutEffect(_ name: String) -> Bool {
    ["y", "n", "nostdin", "hide_banner", "loglevel", "stats", "nostats", "progress"].contains(name)
  }
}
