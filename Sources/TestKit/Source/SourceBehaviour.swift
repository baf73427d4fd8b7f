internal import Foundation

/// How a path of a `SourceServer` answers. In brackets the paths that answer so without being told; the name of a path
/// is what stands before its first `-`, `.` or `/`, so that `/live.ts`, `/live-2` and `/live/a.ts` are three live sources.
package enum SourceBehaviour: Sendable, Equatable {
  /// The live media from the newest key frame on [`/live`], or from where it is now [`/live?join=anywhere`]. With packets
  /// that are not those of the connection before, though the media are [`/live?packets=own`].
  case live(joinsAnywhere: Bool = false, hasOwnPackets: Bool = false)
  /// Live media, and an orderly end after so many bytes [`/close?bytes=N`].
  case liveThenClose(afterBytes: Int)
  /// Live media, and nothing more after so many bytes, on an open connection [`/stall?bytes=N`].
  case liveThenStall(afterBytes: Int)
  /// The file again and again at this rate [`/slow?bps=N`, in bytes a second].
  case slow(bytesPerSecond: Int)
  /// 500 kB/s of noise without end [`/garbage`].
  case garbage
  /// 200 with an HTML page [`/html`].
  case page
  /// An error with a short text [`/status/404`].
  case status(Int)
  /// Takes the request and never answers [`/silent`].
  case silent
  /// The head byte by byte, one each so many milliseconds, then live media [`/drip?ms=N`].
  case drip(milliseconds: Int)
  /// 302 [`/redirect?to=URL`, percent-encoded].
  case redirect(to: String)
  /// The whole file with length, ETag and ranges [`/file`]; each answer cut off after so many bytes [`/file?cut=N`].
  case file(cutAfter: Int? = nil)
  /// These bytes with this type, with length and ranges: playlists, segments, keys. Has no path of its own.
  case content(type: String, [UInt8])
  /// A reset in place of an answer [`/refuse`].
  case refuse

  /// Of a request target.
  init(target: String) {
    let components = URLComponents(string: target)
    let path = components?.path ?? target
    let name = path.dropFirst().prefix { !"-./".contains($0) }
    func value(_ name: String) -> String? { components?.queryItems?.first { $0.name == name }?.value }
    func number(_ name: String) -> Int? { value(name).flatMap(Int.init) }
    self =
      switch name {
      case "live": .live(joinsAnywhere: value("join") == "anywhere", hasOwnPackets: value("packets") == "own")
      case "close": .liveThenClose(afterBytes: number("bytes") ?? 200_000)
      case "stall": .liveThenStall(afterBytes: number("bytes") ?? 200_000)
      case "slow": .slow(bytesPerSecond: number("bps") ?? 10_000)
      case "garbage": .garbage
      case "html": .page
      case "status": .status(path.split(separator: "/").last.flatMap { Int($0) } ?? 404)
      case "silent": .silent
      case "drip": .drip(milliseconds: number("ms") ?? 1000)
      case "redirect": .redirect(to: value("to") ?? "/live.ts")
      case "file": .file(cutAfter: number("cut"))
      case "refuse": .refuse
      default: .status(404)
      }
  }
}
