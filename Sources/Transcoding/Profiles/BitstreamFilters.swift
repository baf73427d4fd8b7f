/// The bitstream filters a client's template may use: `name[=option=value[:…]][,…]`, without quoting.
enum BitstreamFilters {
  static let allowed: Set<String> = [
    "aac_adtstoasc", "av1_metadata", "dump_extra", "eac3_core", "extract_extradata", "filter_units", "h264_metadata",
    "h264_mp4toannexb", "h264_redundant_pps", "hevc_metadata", "hevc_mp4toannexb", "mp3decomp", "mpeg2_metadata",
    "mpeg4_unpack_bframes", "null", "remove_extra", "setts", "vp9_superframe", "vp9_superframe_split",
  ]

  static func refusal(of text: String) -> String? {
    guard ASCII.matches(text, others: "_=:,-+.|/", length: 512) else { return "it is not a list of bitstream filters" }
    for filter in text.split(separator: ",", omittingEmptySubsequences: false) {
      let name = String(filter.prefix { $0 != "=" })
      guard allowed.contains(name) else { return "the bitstream filter '\(name)' is not allowed" }
    }
    return nil
  }
}
