internal import FrameEncoder
internal import Glibc

/// A worker's helper, not for people.
@main
enum MillraceEncoder {
  static func main() { exit(EncoderProcess.run()) }
}
