import Testing

@testable import Transcoding

@Suite struct PinnedURLTests {
  @Test(arguments: [
    ("rtsp://user:pa%40ss@camera.example/live?x=1#f", "192.0.2.7", "rtsp://user:pa%40ss@192.0.2.7:554/live?x=1"),
    ("rtmp://host.example:1936/app/key", "[2001:db8::1]", "rtmp://[2001:db8::1]:1936/app/key"),
    ("udp://@239.1.2.3:5000?fifo_size=1", "239.1.2.3", "udp://@239.1.2.3:5000?fifo_size=1"),
    ("srt://[::1]:9000?mode=caller", "[::1]", "srt://[::1]:9000?mode=caller"),
  ])
  func theAddressTakesThePlaceOfTheHost(url: String, literal: String, pinned: String) throws {
    #expect(try SourceURL(url).pinned(to: literal)?.text == pinned)
  }
}
