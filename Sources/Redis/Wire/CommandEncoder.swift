internal import CLibevent

/// Commands as RESP arrays of bulks, into the buffer that is sent.
struct CommandEncoder {
  /// Smaller ones are cheaper to copy.
  private static let minReference = 4096
  private var scratch: [UInt8] = []

  mutating func encode(_ commands: [RedisCommand], into output: OpaquePointer) {
    scratch.removeAll(keepingCapacity: scratch.capacity <= 64 << 10)
    for command in commands {
      appendHead("*", command.arguments.count + 1)
      append(command.name)
      for argument in command.arguments { append(argument, output) }
    }
    flush(output)
  }

  private mutating func append(_ argument: RedisArgument, _ output: OpaquePointer) {
    switch argument {
    case .text(let text): append(text)
    case .bytes(let bytes): bytes.withUnsafeBytes { append($0) }
    case .reference(let object) where object.redisBytes.count < Self.minReference: append(object.redisBytes)
    case .reference(let object):
      appendHead("$", object.redisBytes.count)
      flush(output)
      evbuffer_add_reference(
        output, object.redisBytes.baseAddress, object.redisBytes.count,
        { _, _, object in
          guard let object else { return }
          Unmanaged<AnyObject>.fromOpaque(object).release()
        }, Unmanaged<AnyObject>.passRetained(object).toOpaque())
      endLine()
    }
  }

  private mutating func append(_ text: String) {
    var text = text
    text.withUTF8 { append(UnsafeRawBufferPointer($0)) }
  }

  private mutating func append(_ bytes: UnsafeRawBufferPointer) {
    appendHead("$", bytes.count)
    scratch.append(contentsOf: bytes)
    endLine()
  }

  private mutating func appendHead(_ type: Unicode.Scalar, _ count: Int) {
    scratch.append(UInt8(ascii: type))
    scratch.append(contentsOf: String(count).utf8)
    endLine()
  }

  private mutating func endLine() {
    scratch.append(UInt8(ascii: "\r"))
    scratch.append(UInt8(ascii: "\n"))
  }

  private mutating func flush(_ output: OpaquePointer) {
    guard !scratch.isEmpty else { return }
    evbuffer_add(output, scratch, scratch.count)
    scratch.removeAll(keepingCapacity: scratch.capacity <= 64 << 10)
  }
}
