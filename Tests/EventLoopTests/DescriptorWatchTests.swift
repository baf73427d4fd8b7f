import EventLoop
import Glibc
import Testing

@Suite(.timeLimit(.minutes(1))) struct DescriptorWatchTests {
  private let pipe = TestPipe()

  @Test func isCalledUntilAllIsRead() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    pipe.put(10)
    let pieces: [Int] = await loop.answer { [pipe] done in
      let watch = Box<DescriptorWatch?>(nil)
      let pieces = Box<[Int]>([])
      watch.value = loop.watchReadable(pipe.reading) {
        #expect(loop.isCurrent)
        pieces.value.append(pipe.take(4))
        guard pieces.value.reduce(0, +) == 10 else { return }
        watch.value = nil
        done(pieces.value)
      }
    }
    #expect(pieces == [4, 4, 2])
  }

  @Test func restsWhileDisabled() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    pipe.put(1)
    let calls: [String] = await loop.answer { [pipe] done in
      let calls = Box<[String]>([])
      let keep = Box<(DescriptorWatch?, LoopTimer?)>((nil, nil))
      let watch = loop.watchReadable(pipe.reading) {
        calls.value.append("readable")
        keep.value.0 = nil
        done(calls.value)
      }
      keep.value.0 = watch
      watch.disable()
      #expect(!watch.isEnabled)
      keep.value.1 = loop.schedule(after: .milliseconds(20)) {
        calls.value.append("enabled")
        watch.enable()
        keep.value.1 = nil
      }
    }
    #expect(calls == ["enabled", "readable"])
  }

  @Test func seesTheEndOfTheWriter() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    var ends: [Int32] = [-1, -1]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let (ours, theirs) = (ends[0], ends[1])
    defer { close(ours) }
    let count: Int = await loop.answer { done in
      let watch = Box<DescriptorWatch?>(nil)
      watch.value = loop.watchReadable(ours) {
        var byte: UInt8 = 0
        watch.value = nil
        done(read(ours, &byte, 1))
      }
      close(theirs)
    }
    #expect(count == 0)
  }

  @Test func seesRoomToWrite() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    // Full, until the reader takes something.
    while true {
      let count = write(pipe.writing, [UInt8](repeating: 0, count: 4096), 4096)
      if count < 0 { break }
    }
    let order: [String] = await loop.answer { [pipe] done in
      let order = Box<[String]>([])
      let keep = Box<(DescriptorWatch?, LoopTimer?)>((nil, nil))
      keep.value.0 = loop.watchWritable(pipe.writing) {
        order.value.append("writable")
        keep.value.0 = nil
        done(order.value)
      }
      keep.value.1 = loop.schedule(after: .milliseconds(20)) {
        order.value.append("taken")
        _ = pipe.take(1 << 20)
        keep.value.1 = nil
      }
    }
    #expect(order == ["taken", "writable"])
  }

  @Test func isNotCalledAfterCancelNorAfterRelease() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    pipe.put(1)
    let calls: Int = await loop.answer { [pipe] done in
      let calls = Box(0)
      let cancelled = loop.watchReadable(pipe.reading) { calls.value += 1 }
      cancelled.cancel()
      cancelled.enable()
      _ = loop.watchReadable(pipe.reading) { calls.value += 1 }
      let last = Box<LoopTimer?>(nil)
      last.value = loop.schedule(after: .milliseconds(20)) {
        withExtendedLifetime(cancelled) { done(calls.value) }
        last.value = nil
      }
    }
    #expect(calls == 0)
  }

  @Test func twoWatchesOfOneDescriptorAreIndependent() async {
    let loop = EventLoop(name: "test")
    defer { loop.stop() }
    var ends: [Int32] = [-1, -1]
    #expect(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let (ours, theirs) = (ends[0], ends[1])
    defer { for end in [ours, theirs] { close(end) } }
    let order: [String] = await loop.answer { done in
      let order = Box<[String]>([])
      let keep = Box<[DescriptorWatch]>([])
      let writable = loop.watchWritable(ours) {
        order.value.append("writable")
        keep.value[0].disable()
        _ = write(theirs, "x", 1)
      }
      let readable = loop.watchReadable(ours) {
        order.value.append("readable")
        for watch in keep.value { watch.cancel() }
        done(order.value)
      }
      keep.value = [writable, readable]
    }
    #expect(order == ["writable", "readable"])
  }
}
