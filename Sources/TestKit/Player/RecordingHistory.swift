internal import Foundation

/// All that was seen of one device's recording, one poll after the other, checked against what a recording promises:
/// what is listed is there, lasts as long as its PTS say, and never changes.
package struct RecordingHistory: Sendable {
  /// What a media sequence number stands for.
  private struct Entry: Equatable {
    let uri: String
    let duration: Double
    let date: Date?
    let discontinuity: Int
  }

  /// What was wrong, each thing once.
  package private(set) var problems: [String] = []
  package private(set) var polls = 0
  private var entries: [Int: Entry] = [:]
  private var numbers: [String: Int] = [:]
  private var times: [Int: SegmentTimes] = [:]
  private var last: HLSPlaylist?

  package init() {}

  /// Segments seen.
  package var count: Int { entries.count }
  /// Segments whose bytes were brought.
  package var measuredCount: Int { times.count }
  /// PTS lines seen.
  package var lines: Int { Set(entries.values.map(\.discontinuity)).count }
  /// EXT-X-MEDIA-SEQUENCE of the newest playlist.
  package var mediaSequence: Int { last?.mediaSequence ?? 0 }
  /// What is listed now.
  package var listed: [String] { last?.segments.map(\.uri) ?? [] }
  /// Listed segments whose bytes nobody has brought yet.
  package var unmeasured: [String] { last?.segments.filter { times[$0.number] == nil }.map(\.uri) ?? [] }

  // MARK: What comes

  /// The playlist of a poll. Polls are told in their order, from whichever worker they are.
  package mutating func take(_ text: String) {
    polls += 1
    do throws(HLSPlaylist.Invalid) { take(try HLSPlaylist(text)) } catch { note("\(error)") }
  }

  /// What a request for something listed was answered.
  package mutating func answered(_ uri: String, _ status: Int) {
    if status != 200 { note("\(uri): \(status)") }
  }

  /// The bytes of something listed.
  package mutating func fetched(_ uri: String, _ bytes: [UInt8]) {
    guard let found = SegmentTimes(bytes) else { return note("\(uri): \(bytes.count) bytes are no segment") }
    measured(uri, found)
  }

  package mutating func measured(_ uri: String, _ found: SegmentTimes) {
    guard let number = numbers[uri], let entry = entries[number] else { return note("\(uri) was never listed") }
    if let before = times.updateValue(found, forKey: number), before != found { note("\(uri): its PTS changed") }
    if abs(Double(found.end - found.first) / 90 - entry.duration * 1_000) > 1 {
      note("\(uri): EXTINF \(entry.duration), PTS \(found.first) to \(found.end)")
    }
    checkJoint(number - 1)
    checkJoint(number)
  }

  package mutating func note(_ problem: String) {
    if !problems.contains(problem) { problems.append(problem) }
  }

  // MARK: What is promised

  private mutating func take(_ playlist: HLSPlaylist) {
    if let last {
      if playlist.mediaSequence < last.mediaSequence {
        note("EXT-X-MEDIA-SEQUENCE fell from \(last.mediaSequence) to \(playlist.mediaSequence)")
      }
      if playlist.targetDuration != last.targetDuration {
        note("EXT-X-TARGETDURATION went from \(last.targetDuration) to \(playlist.targetDuration)")
      }
      if playlist.mediaSequence + playlist.segments.count < last.mediaSequence + last.segments.count {
        note("the end fell below segment \(last.mediaSequence + last.segments.count - 1)")
      }
    }
    var discontinuity = playlist.discontinuitySequence
    for segment in playlist.segments {
      if segment.isDiscontinuous { discontinuity += 1 }
      see(segment, discontinuity)
    }
    last = playlist
  }

  private mutating func see(_ segment: HLSPlaylist.Segment, _ discontinuity: Int) {
    let entry = Entry(
      uri: segment.uri, duration: segment.duration, date: segment.date, discontinuity: discontinuity)
    if entry.date == nil { note("segment \(segment.number) has no EXT-X-PROGRAM-DATE-TIME") }
    if let before = entries.updateValue(entry, forKey: segment.number) {
      if before != entry { note("segment \(segment.number) was \(before), is \(entry)") }
      return
    }
    if let other = numbers.updateValue(segment.number, forKey: entry.uri) {
      note("\(entry.uri) is segment \(other) and \(segment.number)")
    }
    checkJoint(segment.number - 1)
    checkJoint(segment.number)
  }

  /// Between a segment and the next one: one PTS line, or a discontinuity and another line.
  private mutating func checkJoint(_ number: Int) {
    guard let (left, right) = pair(entries, number), let (end, start) = pair(times, number) else { return }
    let isJoined = abs(start.first - end.end) <= 90
    if left.discontinuity == right.discontinuity, !isJoined {
      note("\(right.uri): PTS \(start.first) after \(end.end) without EXT-X-DISCONTINUITY")
    } else if left.discontinuity != right.discontinuity, isJoined {
      note("\(right.uri): EXT-X-DISCONTINUITY where PTS goes on")
    }
  }

  private func pair<Value>(_ values: [Int: Value], _ number: Int) -> (Value, Value)? {
    guard let left = values[number], let right = values[number + 1] else { return nil }
    return (left, right)
  }
}
