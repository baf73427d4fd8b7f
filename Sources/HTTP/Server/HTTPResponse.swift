/// What a handler answers. The server adds `Content-Length` or `Transfer-Encoding`, `Connection`, `Date`,
/// `X-Request-Id` and the CORS fields; the first three are its alone (a `Content-Length` beside an empty body counts
/// in answers to HEAD).
package struct HTTPResponse: Sendable {
  package enum Body: Sendable {
    case empty
    case bytes([UInt8])
    /// Regions of memory that are written by reference, one after the other; `owner` keeps them alive and unchanged.
    case slices([BodySlice], owner: any Sendable)
    /// Written by someone else, for as long as he likes, once the head is on the wire.
    case live(LiveBody)
    /// Made piece by piece while it is written.
    case pulled(PulledBody)
  }

  package var status: HTTPStatus
  package var headers: HTTPHeaders
  package var body: Body

  package init(status: HTTPStatus = .ok, headers: HTTPHeaders = HTTPHeaders(), body: Body = .empty) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  package init(status: HTTPStatus = .ok, contentType: String, _ text: String) {
    self.init(status: status, headers: ["Content-Type": contentType], body: .bytes(Array(text.utf8)))
  }
}

/// A region of memory that belongs to the owner it is named together with.
// Safe: the region is not changed while the owner lives, and who holds a slice for use holds the owner.
package struct BodySlice: @unchecked Sendable {
  package let start: UnsafeRawPointer
  /// Bytes, ≥ 0.
  package let count: Int

  package init(start: UnsafeRawPointer, count: Int) {
    self.start = start
    self.count = max(0, count)
  }

  /// The part of the region that lies in `range`, counted from its beginning.
  func clamped(to range: Range<Int>) -> BodySlice? {
    let range = range.clamped(to: 0..<count)
    return range.isEmpty ? nil : BodySlice(start: start + range.lowerBound, count: range.count)
  }
}

/// A body whose writer takes the socket.
package struct LiveBody: Sendable {
  let take: @Sendable (TakenSocket) -> Void
  let abandoned: @Sendable () -> Void

  /// Exactly one of the two closures is called, once, on the connection's loop: `take` when the head has been written
  /// to the socket, `abandoned` when that will never be (the client left, the server stopped, the request was a HEAD).
  package init(abandoned: @escaping @Sendable () -> Void = {}, take: @escaping @Sendable (TakenSocket) -> Void) {
    self.take = take
    self.abandoned = abandoned
  }
}
