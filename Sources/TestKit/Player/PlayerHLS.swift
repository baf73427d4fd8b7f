internal import Foundation

/// A small HLS player: reloads the playlist, fetches each segment once, and keeps account of what is wrong. With several
/// ports it asks the next one each time, as behind a balancer that knows no session.
package actor PlayerHLS {
  package struct Fetched: Sendable {
    package let segment: HLSPlaylist.Segment
    package let bytes: [UInt8]
  }

  private var ports: [Int]
  private var turn = 0
  private let target: String
  private let headers: [String: String]
  /// The playlists and what was wrong with them.
  package private(set) var history = HLSHistory()
  /// The segments fetched, in order.
  package private(set) var fetched: [Fetched] = []
  /// What was wrong with segments: status, length, packets.
  private var segmentProblems: [String] = []

  /// Of `http://127.0.0.1:<port><target>`.
  package init(port: Int, _ target: String, headers: [String: String] = [:]) {
    self.init(ports: [port], target, headers: headers)
  }

  /// Of each of these ports in turn; at least one.
  package init(ports: [Int], _ target: String, headers: [String: String] = [:]) {
    precondition(!ports.isEmpty, "a player needs a port")
    self.ports = ports
    self.target = target
    self.headers = headers
  }

  /// From now on; at least one.
  package func use(ports: [Int]) {
    precondition(!ports.isEmpty, "a player needs a port")
    self.ports = ports
  }

  private func nextPort() -> Int {
    turn += 1
    return ports[turn % ports.count]
  }

  /// All that was wrong so far; empty: nothing.
  package var problems: [String] { history.problems + segmentProblems }

  /// The segments fetched, one after the other.
  package var media: [UInt8] { fetched.flatMap(\.bytes) }

  /// Loads the playlist once and the segments that are new in it; of the first playlist, at most the last `newest`.
  /// Throws if the playlist does not come with 200, is no valid one, or is not typed as one.
  @discardableResult
  package func reload(newest: Int = .max) async throws -> HLSPlaylist {
    let isFirst = history.playlists.isEmpty
    let port = nextPort()
    let response = try await RawHTTPClient.request(port: port, target, headers: headers, within: .seconds(25))
    guard response.status == 200, response.head["Content-Type"]?.hasPrefix("application/vnd.apple.mpegurl") == true
    else { throw HLSPlaylist.Invalid(description: "\(response.head.startLine): \(response.text.prefix(500))") }
    let playlist = try HLSPlaylist(response.text)
    let new = history.take(playlist)
    for segment in isFirst ? new.suffix(newest) : new { try await fetch(segment) }
    return playlist
  }

  /// Reloads as a player does (half the target duration, §6.3.4) until so many segments are there or the playlist has
  /// ended. Throws `WaitTimeout`.
  package func play(untilSegments count: Int, within limit: Duration) async throws {
    let deadline = Deadline(after: limit)
    while fetched.count < count {
      let playlist = try await reload(newest: 3)
      if playlist.hasEnded || fetched.count >= count { return }
      guard !deadline.hasPassed else {
        throw WaitTimeout(description: "waited \(limit) for \(count) segments, got \(fetched.count)")
      }
      try await Task.sleep(for: .milliseconds(min(playlist.targetDuration * 500, 500)))
    }
  }

  /// Plays until the task is cancelled, whatever comes: a request that fails is made again.
  package func playOn() async {
    while !Task.isCancelled {
      _ = try? await reload(newest: 3)
      try? await Task.sleep(for: .milliseconds(300))
    }
  }

  /// Waits until so many segments have been fetched by `playOn`. Throws `WaitTimeout`.
  package func waitFor(segments count: Int, within limit: Duration) async throws {
    try await eventually("\(count) segments", within: limit) { fetched.count >= count }
  }

  private func fetch(_ segment: HLSPlaylist.Segment) async throws {
    let port = nextPort()
    guard let base = URL(string: "http://127.0.0.1:\(port)\(target)"),
      let url = URL(string: segment.uri, relativeTo: base)?.absoluteURL, url.port == port
    else { return segmentProblems.append("segment \(segment.number): the URI \(segment.uri)") }
    let path = url.path(percentEncoded: true) + (url.query(percentEncoded: true).map { "?" + $0 } ?? "")
    let response = try await RawHTTPClient.request(port: port, path, headers: headers)
    guard response.status == 200, response.head["Content-Length"] == String(response.body.count) else {
      return segmentProblems.append(
        "segment \(segment.number): \(response.head.startLine), \(response.body.count) bytes")
    }
    for problem in TSCaptureChecker.check(response.body).problems {
      segmentProblems.append("segment \(segment.number): \(problem)")
    }
    fetched.append(Fetched(segment: segment, bytes: response.body))
  }
}
