/// What the parser's callbacks have collected of a request.
struct RequestParts {
  /// Of the body; known when the head is.
  var maxBodyBytes = 0
  private(set) var target: [UInt8] = []
  private(set) var headers = HTTPHeaders()
  private var name: [UInt8] = []
  private var value: [UInt8] = []
  private var isInValue = false
  private var isHeadComplete = false
  /// What has come and was not taken out.
  var body: [UInt8] = []
  /// All that has come.
  private(set) var bodyBytes = 0
  private(set) var isBodyTooLarge = false

  mutating func addTarget(_ bytes: UnsafeRawBufferPointer) { target.append(contentsOf: bytes) }

  mutating func addName(_ bytes: UnsafeRawBufferPointer) {
    // Trailers are read over (RFC 9110 §6.5.1).
    if isHeadComplete { return }
    if isInValue { endField() }
    name.append(contentsOf: bytes)
  }

  mutating func addValue(_ bytes: UnsafeRawBufferPointer) {
    if isHeadComplete { return }
    isInValue = true
    value.append(contentsOf: bytes)
  }

  mutating func endField() {
    if !name.isEmpty {
      let text = String(decoding: value, as: UTF8.self)[...].trimmingBlanks
      headers.addReceived(String(decoding: name, as: UTF8.self), String(text))
    }
    name.removeAll(keepingCapacity: true)
    value.removeAll(keepingCapacity: true)
    isInValue = false
  }

  mutating func endHead() {
    endField()
    isHeadComplete = true
  }

  /// False when that is too much.
  mutating func addBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bodyBytes += bytes.count
    isBodyTooLarge = bodyBytes > maxBodyBytes
    if !isBodyTooLarge { body.append(contentsOf: bytes) }
    return !isBodyTooLarge
  }
}
