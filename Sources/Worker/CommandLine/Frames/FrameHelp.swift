/// What `millrace help` says of the commands that keep recordings.
enum FrameHelp {
  static func arguments(of command: Command) -> String {
    switch command {
    case .offlineChecker: " [--continuous | --once] [--interval SECONDS] [--metrics-file PATH]"
    case .resetDevice:
      " -c CLIENT -d DEVICE [--dry-run] [--skip-redis] [--skip-storage] [--metrics-file PATH]"
    case .archiveRepair:
      " [--session ID] [--device CLIENT/DEVICE] [--limit N] [--remux] [--metrics-file PATH]"
    default: " [--metrics-file PATH]"
    }
  }

  static func text(of command: Command) -> String { own(command) + common }

  private static func own(_ command: Command) -> String {
    switch command {
    case .offlineChecker:
      """
      --continuous  goes on until SIGTERM, one of all such processes and workers at a time (what happens without options)
      --once        one round: sessions of silent devices end, archives that are due are made and removed
      --interval    between two rounds (FRAMES_CHECK_INTERVAL_SECONDS)

      Workers with FRAMES_ENABLED=true do this themselves. --continuous shows its metrics at METRICS_PORT [9090].

      """
    case .cleanup:
      """
      One sweep over all devices: segments, JPEGs and archives whose time is over, left-over files, empty folders.
      Workers with FRAMES_ENABLED=true do this themselves.

      """
    case .archiveCleanup:
      """
      Removes archives whose time is over.

      """
    case .resetDevice:
      """
      -c, --client-id  the client, as its frames name it or as its folder is named
      -d, --device-id  the device
      --dry-run        counts, and changes nothing
      --skip-redis     counter and session stay; what is deleted leaves the index
      --skip-storage   files stay, unlisted, until a cleanup finds them, an hour or two later; numbers go on above them

      Empties the recording of one device: index, counter, session, frames that wait, JPEGs, segments, playlist. Archives
      and dead letters stay. It may send meanwhile.

      """
    case .archiveRepair:
      """
      --session  only this archive
      --device   only those of this device
      --limit    so many are repaired at most
      --remux    times go on from segment to segment

      Adopts archives that the reference made: durations are read from the segments, playlist and archive.json written
      anew; they stay ARCHIVE_RETENTION_DAYS from then on. Archives of this program are left as they are.

      """
    default: ""
    }
  }

  private static let common = """
    --metrics-file  writes the metrics there at the end, for a textfile collector

    Prints one JSON object; logs go to standard error. Exit status 0: done, or {"skipped":"WORKER"} that does it now; 1: some
    of it failed, or Redis did not answer for 30 seconds; 2: usage or configuration; 130: a second signal.
    The settings of 'serve' may be given too.

    """
}
