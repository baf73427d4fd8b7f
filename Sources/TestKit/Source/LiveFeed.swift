internal import Foundation

/// The newest packets of a live FFmpeg, for any number of readers; it never waits for one.
// Safe: the state is used under `lock`; `process` only by start, restart and stop, which their caller keeps apart.
final class LiveFeed: @unchecked Sendable {
  private let lock = NSLock()
  private var recent: [UInt8] = []
  /// The offset of the first byte of `recent` in all that FFmpeg has written.
  private var begin = 0
  /// The offsets of the newest PAT and of the one before the newest key frame.
  private var tables: Int?
  private var keyFrame: Int?
  private var torn: [UInt8] = []
  private var process: SpawnedProcess?
  private let media: LiveMedia

  private static let capacity = 8 << 20

  init(_ media: LiveMedia) { self.media = media }

  /// Starts FFmpeg and waits for its first key frame.
  func start() async throws {
    process = try await SpawnedProcess.start(
      "ffmpeg", media.arguments, environment: FFmpegTool.cleanEnvironment()
    ) { [weak self] output, bytes in
      if output == .standardOutput { self?.append(bytes) }
    }
    try await eventually("the live source's first key frame", within: .seconds(20)) { self.lastKeyFrame != nil }
  }

  /// A new FFmpeg: counters and clock begin anew.
  func restart() async throws {
    try await stop()
    forget()
    try await start()
  }

  func stop() async throws { try await process?.stop() }

  private func forget() {
    lock.lock()
    defer { lock.unlock() }
    (tables, keyFrame, torn) = (nil, nil, [])
  }

  private func append(_ bytes: [UInt8]) {
    lock.lock()
    defer { lock.unlock() }
    torn += bytes
    let whole = torn.count / 188 * 188
    findKeyFrame(torn[..<whole])
    recent += torn[..<whole]
    torn.removeFirst(whole)
    if recent.count > 2 * Self.capacity {
      begin += recent.count - Self.capacity
      recent.removeFirst(recent.count - Self.capacity)
    }
  }

  /// FFmpeg writes PAT and PMT before a key frame; the first stream, which is the video if there is one, has PID 256.
  private func findKeyFrame(_ packets: ArraySlice<UInt8>) {
    for at in stride(from: packets.startIndex, to: packets.endIndex, by: 188) {
      let packet = TSPacketView(packets[at..<(at + 188)])
      if packet.pid == 0 { tables = begin + recent.count + at }
      if packet.pid == 256, packet.isRandomAccess { keyFrame = tables ?? keyFrame }
    }
  }

  /// The offset of the tables before the newest key frame.
  var lastKeyFrame: Int? {
    lock.lock()
    defer { lock.unlock() }
    return keyFrame
  }

  /// The offset of what FFmpeg writes next.
  var end: Int {
    lock.lock()
    defer { lock.unlock() }
    return begin + recent.count
  }

  /// What lies from `offset` on, at most 64 KiB, whole packets; empty if nothing is there. A reader that has fallen out
  /// of the window goes on with the oldest packets there are.
  func read(from offset: inout Int) -> [UInt8] {
    lock.lock()
    defer { lock.unlock() }
    offset = max(offset, begin)
    // A copy: a slice would make the next append copy all of `recent`.
    let part = Array(recent[(offset - begin)...].prefix(188 * 348))
    offset += part.count
    return part
  }
}
