import Testing

@testable import Transcoding

@Suite struct HardwareTests {
  private static let encoders = """
     V....D libx264              libx264 H.264
     V....D h264_nvenc           NVIDIA NVENC H.264 encoder (codec h264)
     V....D hevc_nvenc           NVIDIA NVENC hevc encoder (codec hevc)
     V....D h264_vaapi           H.264/AVC (VAAPI) (codec h264)
     V....D hevc_vaapi           H.265/HEVC (VAAPI) (codec hevc)
     A....D aac                  AAC
    """
  private static let nvidia = HardwareProbe.Node(path: "/dev/nvidia0")
  private static let intel = HardwareProbe.Node(path: "/dev/dri/renderD128", vendor: "0x8086")
  private static let amd = HardwareProbe.Node(path: "/dev/dri/renderD129", vendor: "0x1002")

  private func decide(
    _ nodes: [HardwareProbe.Node], _ settings: HardwareProbe.Settings = .init(), encoders: String = encoders
  ) -> HardwareSupport {
    HardwareProbe.decide(encoders: encoders, nodes: nodes, settings: settings)
  }

  @Test func whatIsFound() {
    #expect(decide([]) == .none)
    #expect(decide([Self.intel]).kind == .intel)
    #expect(decide([Self.intel]).device == "/dev/dri/renderD128")
    #expect(decide([Self.amd]).kind == .amd)
    #expect(decide([Self.intel, Self.nvidia]).kind == .nvidia)
    #expect(decide([Self.nvidia]).device == "0")
    #expect(decide([.init(path: "/dev/dri/renderD128")]).kind == .vaapi)
    // An NVIDIA card's render node is no VAAPI device, and its control node no card.
    #expect(decide([.init(path: "/dev/dri/renderD128", vendor: "0x10de")]) == .none)
    #expect(decide([.init(path: "/dev/nvidiactl")]) == .none)
    #expect(decide([Self.nvidia], encoders: " V..... libx264 x") == .none)
    #expect(decide([Self.nvidia, Self.intel], encoders: " V..... h264_vaapi x").kind == .intel)
  }

  @Test func theOperatorDecides() {
    #expect(decide([Self.nvidia], .init(isAvailable: false)) == .none)
    #expect(decide([Self.nvidia], .init(kind: .cpu)) == .none)
    #expect(decide([Self.nvidia, Self.intel], .init(kind: .vaapi)).device == "/dev/dri/renderD128")
    #expect(decide([], .init(kind: .nvidia)) == .none)
    #expect(decide([], .init(isAvailable: true, kind: .nvidia)).kind == .nvidia)
    #expect(decide([Self.intel, Self.amd], .init(device: "/dev/dri/renderD129")).kind == .amd)
    #expect(decide([], .init(device: "/dev/dri/renderD130")).kind == .vaapi)
  }

  @Test func nvencForm() throws {
    let list = try form("720p", .nvidia, device: "1")
    #expect(
      list.outputOptions.flatMap(\.arguments).prefix(6) == [
        "-c:v", "h264_nvenc", "-preset", "p3", "-vf", "format=nv12|cuda,hwupload,scale_cuda=1280:720",
      ])
    #expect(list.inputOptions.contains(.init("init_hw_device", "cuda=hw:1")))
    #expect(try form("hq", .nvidia).outputOption("cq")?.value == "23")
    #expect(try form("lowlatency", .nvidia).outputOption("tune")?.value == "ull")
    #expect(try form("hevc", .nvidia).encoder(of: "v") == "hevc_nvenc")
  }

  @Test func vaapiForm() throws {
    let list = try form("hq", .intel, device: "/dev/dri/renderD128")
    #expect(list.outputOption("qp")?.value == "23")
    #expect(list.outputOption("preset", "tune", "crf") == nil)
    #expect(list.outputOption("vf")?.value == "format=nv12|vaapi,hwupload")
    #expect(try form("1080p", .amd).outputOption("vf")?.value == "format=nv12|vaapi,hwupload,scale_vaapi=1920:1080")
  }

  @Test func nothingToRewrite() throws {
    let audio = try render("audio")
    #expect(HardwareForm(support(.nvidia, device: nil)).rewrite(audio.list) == audio.list)
    let hevc = try render("hevc")
    let onlyH264 = HardwareSupport(kind: .nvidia, device: nil, encoders: ["h264_nvenc"])
    #expect(HardwareForm(onlyH264).rewrite(hevc.list) == hevc.list)
  }

  @Test func onlyBuiltInsChange() throws {
    let url = try SourceURL("http://h/a.ts")
    var settings = FFmpegSettings()
    settings.hardware = support(.nvidia, device: nil)
    let input = FFmpegInput(url: url, userAgent: "")
    let template = try render("-i {input_url} -c:v libx264 pipe:1")
    #expect(FFmpegCommand.transcode(template, input: input, settings: settings).arguments.contains("libx264"))
    let builtIn = FFmpegCommand.transcode(try render("720p"), input: input, settings: settings).arguments
    #expect(builtIn.contains("h264_nvenc"))
    #expect(!builtIn.contains("libx264"))
    #expect(builtIn.contains("-forced-idr"))
  }

  /// The list of encoders names hardware that this machine may not have: the trial finds out.
  @Test(.timeLimit(.minutes(1))) func trialOnThisMachine() async throws {
    let promised = HardwareSupport(
      kind: .vaapi, device: "/nonexistent", encoders: ["h264_vaapi", "hevc_vaapi"])
    let result = await HardwareProbe.confirmed(promised) { await Tool.ffmpeg($0).successfulOutput }
    #expect(result == .none)
    let accepting = await HardwareProbe.confirmed(promised) { arguments in
      arguments.contains("h264_vaapi") ? "" : nil
    }
    #expect(accepting.encoders == ["h264_vaapi"])
  }

  @Test(.timeLimit(.minutes(1))) func toolsOfThisMachine() async throws {
    let tools = try #require(await FFmpegTools.look { await Tool.ffmpeg($0).successfulOutput })
    #expect(tools.version.hasPrefix("ffmpeg version "))
    #expect(!tools.version.contains("Copyright"))
    #expect(tools.encoders.contains("libx264"))
    #expect(await FFmpegTools.look { _ in nil } == nil)
  }

  private func render(_ profile: String) throws -> RenderedProfile {
    try ProfileCatalog().render(ProfileRequest(url: SourceURL("http://h/a.ts"), profile: profile))
  }

  private func support(_ kind: HardwareSupport.Kind, device: String?) -> HardwareSupport {
    HardwareSupport(
      kind: kind, device: device, encoders: ["h264_nvenc", "hevc_nvenc", "h264_vaapi", "hevc_vaapi"])
  }

  private func form(_ profile: String, _ kind: HardwareSupport.Kind, device: String? = nil) throws -> ArgumentList {
    HardwareForm(support(kind, device: device)).rewrite(try render(profile).list)
  }
}
