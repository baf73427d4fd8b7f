import Foundation
import TestKit

/// An HLS viewer behind the balancer: asks for the playlist each half target duration and for each new segment, tries again
/// what fails, and keeps account of what a person would notice.
actor BalancedPlayer {
  struct Arrival {
    let segment: HLSPlaylist.Segment
    let at: ContinuousClock.Instant
  }

  private let port: Int
  private let target: String
  private let checksMedia: Bool
  private(set) var history = HLSHistory()
  private(set) var arrivals: [Arrival] = []
  /// Answers other than 200, and connections that were lost.
  private(set) var failures: [String: Int] = [:]
  /// What was wrong with the bytes of segments, and segments that did not come.
  private(set) var mediaProblems: [String] = []
  private static let tries = 5

  init(port: Int, stream: String, name: String, checksMedia: Bool = true) {
    (self.port, self.checksMedia) = (port, checksMedia)
    target = "/hls/\(stream)/playlist.m3u8?client_id=\(name)"
  }

  /// Until the task is cancelled.
  func play() async {
    while !Task.isCancelled {
      let playlist = await reload()
      try? await Task.sleep(for: .milliseconds((playlist?.targetDuration ?? 1) * 500))
    }
  }

  private func reload() async -> HLSPlaylist? {
    guard let text = await get(target).map({ String(decoding: $0, as: UTF8.self) }) else { return nil }
    do {
      let playlist = try HLSPlaylist(text)
      let isFirst = history.playlists.isEmpty
      let new = history.take(playlist)
      for segment in isFirst ? new.suffix(2) : new { await fetch(segment) }
      return playlist
    } catch {
      mediaProblems.append("\(error)")
      return nil
    }
  }

  private func fetch(_ segment: HLSPlaylist.Segment) async {
    for attempt in 1...Self.tries {
      if attempt > 1 { try? await Task.sleep(for: .milliseconds(200)) }
      guard let bytes = await get(segment.uri) else { continue }
      arrivals.append(Arrival(segment: segment, at: .now))
      if checksMedia {
        mediaProblems += TSCaptureChecker.check(bytes).problems.map { "segment \(segment.number): \($0)" }
      }
      return
    }
    if !Task.isCancelled { mediaProblems.append("segment \(segment.number) did not come") }
  }

  private func get(_ target: String) async -> [UInt8]? {
    do {
      let answer = try await RawHTTPClient.request(port: port, target, within: .seconds(25))
      guard answer.status == 200 else {
        failures["\(answer.status)", default: 0] += 1
        return nil
      }
      return answer.body
    } catch {
      if !Task.isCancelled { failures["\(error)", default: 0] += 1 }
      return nil
    }
  }

  /// When the first segment behind a discontinuity came, of those that came after `instant`.
  func discontinuity(after instant: ContinuousClock.Instant) -> ContinuousClock.Instant? {
    arrivals.first { $0.at > instant && $0.segment.isDiscontinuous }?.at
  }

  /// The times between one new segment and the next, and since the last one.
  var waits: [Duration] {
    let times = arrivals.map(\.at) + [.now]
    return zip(times, times.dropFirst()).map { $0.duration(to: $1) }
  }

  /// A person sees the picture stand.
  var stalls: Int {
    let target = history.playlists.last?.targetDuration ?? 2
    return waits.count { $0 > .seconds(2 * target) }
  }
}

/// Players that play as long as this has not been stopped.
final class BalancedAudience: Sendable {
  let players: [BalancedPlayer]
  private let tasks: [Task<Void, Never>]

  /// One in `checking` checks the bytes of its segments.
  init(_ count: Int, port: Int, stream: String, checking: Int = 1) {
    players = (1...count).map {
      BalancedPlayer(port: port, stream: stream, name: "hls-\($0)", checksMedia: $0 % checking == 0)
    }
    tasks = players.map { player in Task { await player.play() } }
  }

  func wait(forSegments count: Int) async throws {
    for player in players {
      try await eventually("\(count) segments at each player", within: .seconds(60), polling: .milliseconds(100)) {
        await player.arrivals.count >= count
      }
    }
  }

  func stop() async {
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// Lines of a table.
  func report() async -> [String] {
    var (waits, stalls, segments): ([Double], Int, Int) = ([], 0, 0)
    var failures: [String: Int] = [:]
    var problems: [String] = []
    for player in players {
      waits += [await player.waits.map { $0 / .milliseconds(1) }.max() ?? .nan]
      stalls += await player.stalls
      segments += await player.arrivals.count
      failures.merge(await player.failures) { $0 + $1 }
      problems += await player.history.problems + (await player.mediaProblems)
    }
    let steps = problems.count { $0.contains("MEDIA-SEQUENCE went") }
    let text = failures.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    return [
      "  \(players.count) HLS players, \(segments) segments; longest wait of each for a new one\(waits.spread)",
      "    stalls (> 2 target durations) \(stalls), 404s \(failures["404"] ?? 0), MEDIA-SEQUENCE back \(steps), "
        + "answers but 200: \(text.isEmpty ? "none" : text)",
    ] + problems.prefix(10).map { "    \($0)" }
  }
}
