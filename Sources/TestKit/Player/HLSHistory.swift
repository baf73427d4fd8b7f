/// The playlists that a player has seen, one after the other, checked against RFC 8216 §6.2.1 and §6.2.2.
package struct HLSHistory: Sendable {
  package private(set) var playlists: [HLSPlaylist] = []
  /// Every segment seen, in the order of their numbers.
  package private(set) var segments: [HLSPlaylist.Segment] = []
  /// What was wrong between one playlist and the next.
  package private(set) var problems: [String] = []

  package init() {}

  /// Takes the next playlist and gives the segments that were not in those before.
  @discardableResult
  package mutating func take(_ playlist: HLSPlaylist) -> [HLSPlaylist.Segment] {
    defer { playlists.append(playlist) }
    guard let last = playlists.last else {
      segments = playlist.segments
      return segments
    }
    compare(last, playlist)
    let known = segments.last?.number ?? -1
    let new = playlist.segments.filter { $0.number > known }
    if let first = new.first, !segments.isEmpty, first.number != known + 1 {
      problems.append("segments \(known + 1) to \(first.number - 1) were never listed")
    }
    segments += new
    return new
  }

  private mutating func compare(_ last: HLSPlaylist, _ next: HLSPlaylist) {
    if next.mediaSequence < last.mediaSequence {
      problems.append("EXT-X-MEDIA-SEQUENCE went from \(last.mediaSequence) back to \(next.mediaSequence)")
    }
    if next.targetDuration != last.targetDuration {
      problems.append("EXT-X-TARGETDURATION changed from \(last.targetDuration) to \(next.targetDuration)")
    }
    if last.hasEnded, next != last { problems.append("changed after EXT-X-ENDLIST") }
    for segment in next.segments {
      if let before = segments.first(where: { $0.number == segment.number }), before != segment {
        problems.append("segment \(segment.number) was \(before), is \(segment)")
      }
    }
    if let end = last.segments.last?.number, let newEnd = next.segments.last?.number, newEnd < end {
      problems.append("the last segment went from \(end) back to \(newEnd)")
    }
    // §6.2.2: the sequence goes up by one with each EXT-X-DISCONTINUITY that leaves with its segment.
    let removed = last.segments.filter { $0.number < next.mediaSequence && $0.isDiscontinuous }.count
    if next.mediaSequence <= (last.segments.last?.number ?? -1) + 1,
      next.discontinuitySequence != last.discontinuitySequence + removed
    {
      problems.append(
        "EXT-X-DISCONTINUITY-SEQUENCE went from \(last.discontinuitySequence) to \(next.discontinuitySequence), "
          + "\(removed) discontinuities left")
    }
  }
}
