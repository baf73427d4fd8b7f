import Testing
import Transcoding

@Suite struct MediaInfoTests {
  private func read(_ text: String) -> MediaInfoReader {
    var reader = MediaInfoReader()
    for line in text.split(separator: "\n") { reader.take(FFmpegLogLine(line).text) }
    return reader
  }

  @Test func inputAndOutput() {
    let reader = read(
      """
      [info] Input #0, mpegts, from 'http://h/live/a.ts':
      [info]   Duration: N/A, start: 1.400000, bitrate: 8000 kb/s
      [info]   Program 1
      [info]   Stream #0:0[0x100](eng): Video: h264 (High) ([27][0][0][0] / 0x001B), yuv420p(tv, bt709, progressive), 1920x1080 [SAR 1:1 DAR 16:9], 25 fps, 25 tbr, 90k tbn
      [info]   Stream #0:1[0x101](deu): Audio: ac3 (AC-3 / 0x332D4341), 48000 Hz, 5.1(side), fltp, 384 kb/s
      [info]   Stream #0:2[0x102](eng): Audio: aac (LC), 44100 Hz, stereo, fltp, 130 kb/s
      [info] Stream mapping:
      [info]   Stream #0:0 -> #0:0 (h264 (native) -> h264 (libx264))
      [libx264 @ 0x55] [info] profile High
      [info] Output #0, mpegts, to 'pipe:1':
      [info]   Stream #0:0: Video: h264, yuv420p(tv, progressive), 1280x720 [SAR 1:1 DAR 16:9], q=2-31, 2500 kb/s, 25 fps, 90k tbn
      [info]   Stream #0:1: Audio: aac (LC), 44100 Hz, mono, fltp, 128 kb/s
      """)
    #expect(reader.input.container == "mpegts")
    #expect(reader.input.resolution == "1920x1080")
    #expect(reader.input.videoCodec == "h264")
    #expect(reader.input.framesPerSecond == 25)
    #expect(reader.input.kilobitsPerSecond == 8000)
    #expect(reader.input.audioCodec == "ac3")
    #expect(reader.input.audioChannels == 6)
    #expect(reader.output.resolution == "1280x720")
    #expect(reader.output.kilobitsPerSecond == 2500)
    #expect(reader.output.audioChannels == 1)
  }

  @Test(arguments: [
    ("mono", 1), ("stereo", 2), ("5.1", 6), ("7.1(wide)", 8), ("2.1", 3), ("5.1.2", 8), ("6 channels", 6), ("quad", 4),
  ])
  func channels(layout: String, count: Int) {
    #expect(
      read("Input #0, x, from 'y':\n  Stream #0:0: Audio: aac, 48000 Hz, \(layout), fltp").input.audioChannels == count)
  }

  @Test func oddLinesChangeNothing() {
    let text =
      "Stream #0:0: Video: h264, 1x1\nInput #0, \nStream #0:0: Video:\nStream #0:1: Audio: \nStream #0:2: Audio: x, y, .\n"
    #expect(read(text).input.resolution == nil)
  }

  @Test(
    arguments: [
      ("[error] x: y", "error", "x: y", true), ("[info] Input", "info", "Input", false), ("plain", nil, "plain", true),
      ("[h264 @ 0x5] [warning] corrupt [x]", "warning", "[h264 @ 0x5] corrupt [x]", true),
      ("[x] y", nil, "[x] y", true),
      ("[", nil, "[", true), ("[h264 @ 0x5]", nil, "[h264 @ 0x5]", true),
    ] as [(String, String?, String, Bool)])
  func logLines(line: String, level: String?, text: String, isTrouble: Bool) {
    let parsed = FFmpegLogLine(line)
    #expect(parsed.level == level)
    #expect(parsed.text == text)
    #expect(parsed.isTrouble == isTrouble)
  }
}
