import Testing
import Transcoding

@Suite struct MaskingTests {
  @Test(arguments: [
    ("http://h/live/a.ts", "http://h/live/a.ts"),
    ("http://h/live/bob/pw/1.ts", "http://h/live/***/***/1.ts"),
    ("http://h/x/Movie/bob/pw/1.mkv?a=1", "http://h/x/Movie/***/***/1.mkv?a=1"),
    ("http://h/series/bob/pw/1.mkv", "http://h/series/***/***/1.mkv"),
    ("http://h/timeshift/bob/pw/60/2026/1.ts", "http://h/timeshift/***/***/60/2026/1.ts"),
    ("http://h/bob/pw/123", "http://h/***/***/123"), ("http://h/bob/pw/123.ts", "http://h/***/***/123.ts"),
    ("http://h//bob/pw/123.ts", "http://h//***/***/123.ts"),
    ("http://h/a/b/c.ts", "http://h/a/b/c.ts"), ("http://h/a/b/c/1.ts", "http://h/a/b/c/1.ts"),
    ("http://bob:pw@h/x", "http://***@h/x"), ("http://a@b:c@h/x", "http://***@h/x"),
    ("udp://@239.1.1.1:5", "udp://@239.1.1.1:5"),
    ("http://h/g.php?username=bob&password=pw&type=m3u", "http://h/g.php?username=***&password=***&type=m3u"),
    ("http://h/?TOKEN=a;sig=b;x=c", "http://h/?TOKEN=***;sig=***;x=c"), ("http://h/?p%61ss=x", "http://h/?p%61ss=***"),
    (
      "http://h/?xApiKeyx=1&session_id=2&auth=3&secret=4&pwd=5",
      "http://h/?xApiKeyx=***&session_id=***&auth=***&secret=***&pwd=***"
    ),
    ("http://h/?token=a=b", "http://h/?token=***"), ("http://h/?token=", "http://h/?token="),
    ("http://h/?token", "http://h/?token"),
    ("http://h/#token=x", "http://h/#token=***"),
    ("http://p/?url=http://bob:pw@h/x", "http://p/?url=http://***@h/x"),
    ("http://p/http://bob:pw@h/x", "http://p/http://***@h/x"),
    ("no url", "no url"),
  ])
  func urls(url: String, masked: String) {
    #expect(Masking.mask(url: url) == masked)
  }

  @Test(arguments: [
    ("nothing here: a/b/1", "nothing here: a/b/1"),
    ("Input #0, hls, from 'http://h/live/bob/pw/1.m3u8':", "Input #0, hls, from 'http://h/live/***/***/1.m3u8':"),
    ("http://h/bob/pw/1.ts: Server returned 404", "http://h/***/***/1.ts: Server returned 404"),
    (
      "[hls @ 0x1] Opening 'https://h/s.ts?token=abc' for reading",
      "[hls @ 0x1] Opening 'https://h/s.ts?token=***' for reading"
    ),
    ("Opening 'https://h/s?token=a'b' for", "Opening 'https://h/s?token=***' for"),
    (
      "{\"input_url\":\"http://bob:pw@h/x\",\"format\":\"hls\"}",
      "{\"input_url\":\"http://***@h/x\",\"format\":\"hls\"}"
    ),
    ("-i http://u:p@a/1 -i rtsp://u:p@b/2 x", "-i http://***@a/1 -i rtsp://***@b/2 x"),
    ("tcp://127.0.0.1:80?timeout=1 failed ://", "tcp://127.0.0.1:80?timeout=1 failed ://"),
    ("é http://ü:p@h/ü ü", "é http://***@h/ü ü"),
  ])
  func freeText(text: String, masked: String) {
    #expect(Masking.mask(text: text) == masked)
  }
}
