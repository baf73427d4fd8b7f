/// What a sweep goes by.
package struct SweepSettings: Sendable {
  /// How long JPEGs stay, h (`FRAMES_KEEP_HOURS`); 0: their owner removes them, a sweep those that it left.
  package var keepHours = 24
  /// Below so much free space JPEGs go early, percent (`STORAGE_LOW_FREE_PERCENT`); 0: never.
  package var lowFreePercent = 10.0
  /// `STORAGE_SHED=segments`
  package var shedsSegments = false
  /// `FRAMES_PLAYLIST_FILES`
  package var writesPlaylists = true
  /// EXT-X-TARGETDURATION of a device that has none of its own, s.
  package var target = 6
  /// Of a frame that is alone in its segment, 1/90,000 s.
  package var frameTime: Int64 = 90_000
  package var deletionsPerSecond = 1_000

  package init() {}
}
