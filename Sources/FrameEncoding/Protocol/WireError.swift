/// Bytes that are no message of this protocol.
struct WireError: Error, CustomStringConvertible {
  let description: String
}
