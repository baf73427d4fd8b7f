/// Bytes that are no message of this protocol.
package struct WireError: Error, CustomStringConvertible {
  package let description: String
}
