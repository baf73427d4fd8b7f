import Testing

@testable import Transcoding

@Suite struct FFmpegProgressTests {
  private static let text = """
    frame=150
    fps=24.9
    stream_0_0_q=-1.0
    bitrate= 268.6kbits/s
    total_size=202664
    out_time_us=6037189
    out_time=00:00:06.037189
    speed=1.01x
    progress=continue
    frame=151
    bitrate=N/A
    out_time_us=N/A
    speed=N/A
    progress=end

    """

  @Test func blocks() {
    var progress = FFmpegProgress()
    let reports = progress.feed(Self.text.utf8)
    #expect(reports.count == 2)
    #expect(
      reports.first
        == .init(
          frame: 150, framesPerSecond: 24.9, bitsPerSecond: 268600, outTimeMicroseconds: 6_037_189, speed: 1.01,
          isEnd: false))
    #expect(reports.last == .init(frame: 151, isEnd: true))
    #expect(progress.latest == reports.last)
  }

  @Test func anyCutGivesTheSame() {
    var whole = FFmpegProgress()
    let expected = whole.feed(Self.text.utf8)
    var pieces = FFmpegProgress()
    #expect(Self.text.utf8.flatMap { pieces.feed([$0]) } == expected)
  }

  @Test func garbageIsBoundedAndSkipped() {
    var progress = FFmpegProgress()
    #expect(progress.feed(repeatElement(UInt8(ascii: "x"), count: 100_000)).isEmpty)
    #expect(
      progress.feed("progress=end\nspeed=infx\nfps=nan\n=\n\nframe=2\nprogress=continue\n".utf8) == [.init(frame: 2)])
  }
}
