internal import CLinux
internal import Glibc

/// What is still to be written of a response: its head and body in one list of regions, gone through with sendmsg(2).
struct ResponseOutput {
  enum Progress: Equatable {
    case done
    /// The socket is full, or others should have their turn.
    case blocked
    case failed
  }

  private static let regionsAtOnce = 64
  private let head: [UInt8]
  private let bytes: [UInt8]
  private let slices: [BodySlice]
  private let owner: (any Sendable)?
  /// 0 is the head, 1 the bytes, then the slices.
  private var region = 0
  private var offset = 0

  init(head: [UInt8], body: HTTPResponse.Body) {
    self.head = head
    switch body {
    case .empty, .live, .pulled: (bytes, slices, owner) = ([], [], nil)
    case .bytes(let bytes): (self.bytes, slices, owner) = (bytes, [], nil)
    case .slices(let slices, let owner): (bytes, self.slices, self.owner) = ([], slices, owner)
    }
  }

  /// Writes until all is written, the socket is full or `budget` bytes are gone.
  mutating func write(to descriptor: Int32, budget: Int = 1 << 20) -> (written: Int, progress: Progress) {
    var written = 0
    while region < 2 + slices.count {
      guard written < budget else { return (written, .blocked) }
      let (sent, asked) = send(to: descriptor)
      if sent == -Int(EAGAIN) { return (written, .blocked) }
      if sent < 0 { return (written, .failed) }
      written += sent
      advance(by: sent)
      if sent < asked { return (written, .blocked) }
    }
    return (written, .done)
  }

  private func send(to descriptor: Int32) -> (sent: Int, asked: Int) {
    head.withUnsafeBytes { head in
      bytes.withUnsafeBytes { bytes in
        withUnsafeTemporaryAllocation(of: iovec.self, capacity: Self.regionsAtOnce) { vectors in
          var (count, asked, skip) = (0, 0, offset)
          for index in region..<min(region + Self.regionsAtOnce, 2 + slices.count) {
            let whole = index == 0 ? head : index == 1 ? bytes : buffer(slices[index - 2])
            let rest = UnsafeRawBufferPointer(rebasing: whole.dropFirst(skip))
            skip = 0
            guard !rest.isEmpty else { continue }
            vectors[count] = iovec(iov_base: UnsafeMutableRawPointer(mutating: rest.baseAddress), iov_len: rest.count)
            count += 1
            asked += rest.count
          }
          guard asked > 0 else { return (0, 0) }
          return (clinux_sendv(descriptor, vectors.baseAddress, Int32(count)), asked)
        }
      }
    }
  }

  private func buffer(_ slice: BodySlice) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: slice.start, count: slice.count)
  }

  private func length(_ region: Int) -> Int {
    switch region {
    case 0: head.count
    case 1: bytes.count
    default: slices[region - 2].count
    }
  }

  /// Goes on to the first byte that has not been written, over empty regions too.
  private mutating func advance(by count: Int) {
    var rest = count
    while region < 2 + slices.count {
      let left = length(region) - offset
      guard rest >= left else {
        offset += rest
        return
      }
      rest -= left
      (region, offset) = (region + 1, 0)
    }
  }
}
