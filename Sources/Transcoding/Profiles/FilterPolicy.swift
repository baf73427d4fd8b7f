/// The filters a client's template may use (api.md §4.4). None of them has an option that opens a file, a device, a
/// library or a URL; a test asks FFmpeg for the options of each.
enum FilterPolicy {
  static let allowed: Set<String> = Set(
    """
    null anull copy acopy split asplit setpts asetpts settb asettb \
    scale scale2ref scale_cuda scale_npp scale_vaapi scale_qsv vpp_qsv zscale \
    format noformat setsar setdar setparams setrange setfield colorspace \
    fps framerate minterpolate \
    yadif bwdif w3fdif kerndeint estdif fieldmatch decimate pullup idet separatefields weave interlace tinterlace \
    yadif_cuda bwdif_cuda deinterlace_vaapi deinterlace_qsv \
    crop pad pad_vaapi transpose hflip vflip overlay overlay_cuda overlay_vaapi overlay_qsv \
    hqdn3d nlmeans atadenoise vaguedenoiser owdenoise fftdnoiz dctdnoiz bm3d denoise_vaapi removegrain deband deblock \
    unsharp cas eq \
    tonemap tonemap_vaapi tonemap_opencl \
    hwupload hwdownload hwmap hwupload_cuda \
    volume loudnorm dynaudnorm speechnorm acompressor alimiter compand agate \
    aresample aformat atempo apad adelay highpass lowpass bass treble equalizer afftdn anlmdn \
    pan channelmap channelsplit join amerge amix stereotools
    """.split(separator: " ").map(String.init))

  /// Values without name fill a filter's options in their order; the ones far behind are better named.
  private static let maximumPositional = 8

  /// The reason for refusing a filter graph, or nil.
  static func refusal(of text: String) -> String? {
    guard let graph = FilterGraph(text) else { return "it is not a filter graph" }
    for filter in graph.filters {
      guard allowed.contains(filter.name) else { return "the filter '\(filter.name)' is not allowed" }
      guard filter.options.filter({ $0.name == nil }).count <= maximumPositional else {
        return "filter '\(filter.name)': too many values without name"
      }
      for option in filter.options {
        if let reason = refusal(of: option) { return "filter '\(filter.name)': \(reason)" }
      }
    }
    return nil
  }

  private static func refusal(of option: FilterGraph.Option) -> String? {
    if let name = option.name {
      guard ASCII.matches(name, others: "_", length: 64) else { return "option '\(name)' is malformed" }
      guard !["file", "path", "url", "command", "model"].contains(where: name.lowercased().contains) else {
        return "option '\(name)' is not allowed"
      }
    }
    return OptionValueCheck.refusal(ofAny: option.value)
  }
}
