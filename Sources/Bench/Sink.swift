import EventLoop
import Foundation
import Glibc
import Synchronization

/// Many viewers in this process: each asks for a path and throws away what it gets. Counts bytes.
final class Sink: Sendable {
  private let loop = EventLoop(name: "sink")
  private let bytes = Atomic<UInt64>(0)
  private let viewers = Mutex<[Viewer]>([])

  /// One viewer; confined to the loop but for `received`.
  final class Viewer: Sendable {
    let descriptor: Int32
    let received = Atomic<UInt64>(0)
    fileprivate let watch = Mutex<LoopBound<DescriptorWatch>?>(nil)

    init(descriptor: Int32) { self.descriptor = descriptor }
  }

  private static let scratch = LoopScratch()

  /// Connects `count` viewers to `port`, which all ask for `path`.
  func open(_ count: Int, port: Int, path: String) throws {
    for _ in 0..<count {
      let descriptor = try LoopbackSocket.connect(port)
      _ = LoopbackSocket.writeAll(descriptor, Array("GET \(path) HTTP/1.1\r\nHost: x\r\n\r\n".utf8)[...])
      _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
      let viewer = Viewer(descriptor: descriptor)
      viewers.withLock { $0.append(viewer) }
      loop.execute { [self] in
        let watch = loop.watchReadable(descriptor) { [unowned self, unowned viewer] in read(viewer) }
        viewer.watch.withLock { $0 = LoopBound(watch, loop: loop) }
      }
    }
  }

  private func read(_ viewer: Viewer) {
    let count = Glibc.read(viewer.descriptor, Self.scratch.base, LoopScratch.size)
    guard count > 0 else {
      if count == 0 { viewer.watch.withLock { $0?.value.cancel() } }
      return
    }
    viewer.received.wrappingAdd(UInt64(count), ordering: .relaxed)
    bytes.wrappingAdd(UInt64(count), ordering: .relaxed)
  }

  var total: UInt64 { bytes.load(ordering: .relaxed) }

  var perViewer: [UInt64] { viewers.withLock { $0.map { $0.received.load(ordering: .relaxed) } } }

  /// Closes all viewers. Returns when that is done.
  func close() async {
    let all = viewers.withLock { viewers in
      defer { viewers = [] }
      return viewers
    }
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
      loop.execute {
        for viewer in all {
          viewer.watch.withLock { watch in
            watch?.value.cancel()
            watch = nil
          }
          Glibc.close(viewer.descriptor)
        }
        done.resume()
      }
    }
  }
}

/// Where all viewers of a sink read to.
// Safe: written by one loop's reads only, and nobody looks at it.
final class LoopScratch: @unchecked Sendable {
  static let size = 262_144
  let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
}
