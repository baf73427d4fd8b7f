/// What a client's template may say with one option: where it stands and what its value looks like.
struct OptionRule: Sendable {
  enum Place: Sendable { case input, output, anywhere }

  enum Value: Sendable {
    /// The option takes none.
    case none
    /// Words, numbers, rates, sizes, times.
    case plain
    /// Words joined by `+` and `-`: `+genpts-nobuffer`. No numbers, which could name any flag.
    case flags
    /// Flags of codecs, by name: some of them make encoders write files.
    case codecFlags
    /// Free text for metadata, user agent, referer: may contain `://`.
    case text
    /// A codec's name.
    case codec
    case inputFormat
    case outputFormat
    case map
    case device
    case hardwareInit
    case filters
    case x264Parameters
    case x265Parameters
    case bitstreamFilters
    case keyFrames
    case disposition
    /// Never reaches FFmpeg.
    case dropped
  }

  let value: Value
  let place: Place
  /// Whether `:v`, `:a:0` and the like may follow the name.
  let takesSpecifier: Bool

  /// The rule for a name, nil if the name is not on the list.
  static func named(_ name: String) -> OptionRule? {
    if let rule = table[name] { return rule }
    // The server makes the HLS: `-hls_time` and `-hls_list_size` are read, the others are ignored.
    if name.hasPrefix("hls_") { return OptionRule(value: .dropped, place: .output, takesSpecifier: false) }
    return nil
  }

  private static let table: [String: OptionRule] = {
    var table: [String: OptionRule] = [:]
    func add(_ names: String, _ value: Value, _ place: Place, specifier: Bool = false) {
      for name in names.split(separator: " ") {
        table[String(name)] = OptionRule(value: value, place: place, takesSpecifier: specifier)
      }
    }
    addInput(add)
    addHardware(add)
    addCodecs(add)
    addMuxing(add)
    add("y n nostdin hide_banner stats nostats", .none, .anywhere)
    add("loglevel progress", .dropped, .anywhere)
    add("f", .outputFormat, .anywhere)
    return table
  }()

  private typealias Add = (_ names: String, _ value: Value, _ place: Place, _ specifier: Bool) -> Void

  private static func addInput(_ add: Add) {
    add("re", .none, .input, false)
    add("fflags err_detect", .flags, .anywhere, true)
    add("flags", .codecFlags, .anywhere, true)
    add("analyzeduration probesize max_delay rtbufsize", .plain, .input, false)
    add("thread_queue_size ss t", .plain, .anywhere, false)
    add("reconnect reconnect_at_eof reconnect_streamed reconnect_on_network_error", .plain, .input, false)
    add("reconnect_on_http_error reconnect_delay_max rw_timeout timeout", .plain, .input, false)
    add("rtsp_transport", .flags, .input, false)
    add("user_agent referer", .text, .input, false)
  }

  private static func addHardware(_ add: Add) {
    add("hwaccel hwaccel_output_format", .plain, .input, true)
    add("hwaccel_device", .device, .input, true)
    add("extra_hw_frames", .plain, .anywhere, true)
    add("vaapi_device", .device, .anywhere, false)
    add("init_hw_device", .hardwareInit, .anywhere, false)
    add("filter_hw_device", .plain, .anywhere, false)
  }

  private static func addCodecs(_ add: Add) {
    add("map", .map, .output, false)
    add("map_metadata", .plain, .output, true)
    add("map_chapters", .plain, .output, false)
    add("vn an sn dn", .none, .anywhere, false)
    add("c codec", .codec, .anywhere, true)
    add("vcodec acodec", .codec, .anywhere, false)
    add("b maxrate minrate bufsize crf qp q qscale qmin qmax qdiff qcomp cq", .plain, .output, true)
    add("rc rc-lookahead rc_lookahead rc_mode rc_init_occupancy global_quality", .plain, .output, true)
    add("preset tune profile level g keyint_min sc_threshold bf refs", .plain, .output, true)
    add("pix_fmt r s ar ac threads strict", .plain, .anywhere, true)
    add("channel_layout", .plain, .anywhere, true)
    add("aspect fps_mode", .plain, .output, true)
    add("vsync async", .plain, .output, false)
    add("to", .plain, .anywhere, false)
    add("shortest", .none, .output, false)
    add("force_key_frames", .keyFrames, .output, true)
    add("bsf", .bitstreamFilters, .output, true)
    add("tag", .plain, .output, true)
    add("color_range color_primaries color_trc colorspace color chroma_sample_location", .plain, .anywhere, true)
    add("field_order", .plain, .output, true)
    add("x264-params x264opts", .x264Parameters, .output, true)
    add("x265-params", .x265Parameters, .output, true)
    add("vf af filter_complex", .filters, .output, false)
    add("filter", .filters, .output, true)
  }

  private static func addMuxing(_ add: Add) {
    add("movflags", .flags, .output, false)
    add("muxrate muxdelay muxpreload avoid_negative_ts", .plain, .output, false)
    add("max_muxing_queue_size flush_packets pat_period", .plain, .output, false)
    add("mpegts_flags", .flags, .output, false)
    add("mpegts_transport_stream_id mpegts_original_network_id mpegts_service_id", .plain, .output, false)
    add("mpegts_service_type mpegts_pmt_start_pid mpegts_start_pid mpegts_copyts", .plain, .output, false)
    add("metadata", .text, .output, true)
    add("disposition", .disposition, .output, true)
    add("copyts start_at_zero", .none, .anywhere, false)
    add("hls_time hls_list_size", .plain, .output, false)
  }
}
