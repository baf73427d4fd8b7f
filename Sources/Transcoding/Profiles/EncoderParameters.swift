/// The keys of `-x264-params` and `-x265-params` that a client's template may use. Keys that read or write files
/// (`stats`, `qpfile`, `cqmfile`, `dump-yuv`, `csv`, `analysis-save`, `scaling-list`, `lambda-file` …) are not among them.
enum EncoderParameters {
  static let x264 = keys(
    """
    8x8dct aq-mode aq-strength asm aud b-adapt b-bias b-pyramid bframes bluray-compat bitrate cabac chroma-qp-offset \
    chromaloc colormatrix colorprim constrained-intra cplxblur crf crf-max crop-rect deadzone-inter deadzone-intra \
    deblock deterministic direct fade-compensate fake-interlaced filler force-cfr fps frame-packing fullrange \
    interlaced intra-refresh ip-factor ipratio keyint level lookahead-threads me merange mbtree min-keyint mixed-refs \
    mvrange mvrange-thread nal-hrd no-psy nr open-gop overscan partitions pb-factor pbratio pic-struct psy psy-rd \
    qblur qcomp qp qpmax qpmin qpstep range rc-lookahead ratetol ref repeat-headers sar scenecut slice-max-mbs \
    slice-max-size slice-min-mbs slices slices-max sliced-threads stitchable subme sync-lookahead tff bff threads \
    transfer trellis vbv-bufsize vbv-init vbv-maxrate videoformat weightb weightp
    """)

  static let x265 = keys(
    """
    allow-non-conformance amp annexb aq-mode aq-motion aq-strength asm aud b-adapt b-intra b-pyramid bframe-bias \
    bframes bitrate cbqpoffs chromaloc colormatrix colorprim constrained-intra cplxblur crf crf-max crf-min crqpoffs \
    ctu cu-lossless cutree deblock display-window early-skip fades fast-intra fps frame-threads gop-lookahead hdr10 \
    hdr10-opt high-tier hme hrd info interlace intra-refresh ipratio keyint level-idc limit-modes limit-refs \
    limit-sao limit-tu lookahead-slices lookahead-threads lossless master-display max-cll max-merge max-tu-size me \
    merange min-cu-size min-keyint min-luma max-luma nr-inter nr-intra numa-pools open-gop overscan pbratio pme \
    pmode pools profile psy-rd psy-rdoq qblur qcomp qg-size qp qpmax qpmin qpstep radl range rc-grain rc-lookahead rd \
    rd-refine rdoq-level rdpenalty rect ref repeat-headers rskip sao sao-non-deblock sar scenecut scenecut-bias \
    selective-sao signhide slices splitrd-skip strict-cbr strong-intra-smoothing subme temporal-layers temporal-mvp \
    transfer tskip tskip-fast tu-inter-depth tu-intra-depth uhd-bd vbv-bufsize vbv-end vbv-init vbv-maxrate videoformat \
    vui-hrd-info vui-timing-info wpp weightb weightp
    """)

  /// `key[=value][:…]`; `no-` in front of a key is part of the encoders' own syntax. The reason for refusal, or nil.
  static func refusal(of text: String, keys: Set<String>) -> String? {
    guard ASCII.matches(text, others: "_=:,-+.|()", length: 2048) else { return "it is not a list of key=value" }
    for key in Self.keys(of: text) {
      let plain = key.hasPrefix("no-") ? String(key.dropFirst(3)) : key
      guard keys.contains(key) || keys.contains(plain) else { return "the key '\(key)' is not allowed" }
    }
    return nil
  }

  /// The keys in a value, written with `-`.
  static func keys(of text: String) -> [String] {
    text.split(separator: ":").map { String($0.prefix { $0 != "=" }).replacing("_", with: "-") }
  }

  private static func keys(_ text: String) -> Set<String> { Set(text.split(separator: " ").map(String.init)) }
}
