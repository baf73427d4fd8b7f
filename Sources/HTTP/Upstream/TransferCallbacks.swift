internal import CCurl
internal import Glibc
internal import Synchronization

/// What libcurl calls. The handler may do anything in it but free the handle: the client puts that off.
extension UpstreamTransfer {
  func installCallbacks(on handle: CurlHandle) {
    let context = Unmanaged.passUnretained(self).toOpaque()
    ccurl_set_opensocket(
      handle.easy,
      { context, _, address in
        guard let context, let address else { return CURL_SOCKET_BAD }
        return Unmanaged<UpstreamTransfer>.fromOpaque(context).takeUnretainedValue().openSocket(address)
      }, context)
    ccurl_set_prereq(
      handle.easy,
      { context, _, _, _, _ in
        guard let context else { return CURL_PREREQFUNC_ABORT }
        Unmanaged<UpstreamTransfer>.fromOpaque(context).takeUnretainedValue().connected()
        return CURL_PREREQFUNC_OK
      }, context)
    ccurl_set_header(
      handle.easy,
      { bytes, size, count, context in
        guard let context else { return 0 }
        let line = UnsafeRawBufferPointer(start: bytes, count: size * count)
        return Unmanaged<UpstreamTransfer>.fromOpaque(context).takeUnretainedValue().receiveHeadLine(line)
      }, context)
    ccurl_set_write(
      handle.easy,
      { bytes, size, count, context in
        guard let context else { return 0 }
        let body = UnsafeRawBufferPointer(start: bytes, count: size * count)
        return Unmanaged<UpstreamTransfer>.fromOpaque(context).takeUnretainedValue().receive(body)
      }, context)
  }

  /// The address here is the one that libcurl connects the answered socket to.
  private func openSocket(_ target: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
    guard let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr), let host = hop?.url.host else {
      return CURL_SOCKET_BAD
    }
    let raw = UnsafeRawPointer(target) + offset
    guard let address = IPAddress(socketAddress: raw) else { return CURL_SOCKET_BAD }
    let port = UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self))
    switch policy.verdict(host: host, address: address, port: port) {
    case .refused(let reason):
      refusal = "\(address) is a \(reason.rawValue) address"
      return CURL_SOCKET_BAD
    case .allowed:
      isConnectionTried = true
      let type = target.pointee.socktype | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue)
      return socket(target.pointee.family, type, target.pointee.protocol)
    }
  }

  private func connected() {
    deadline.connected(now: UpstreamClient.now)
    client?.deadlineChanged(self)
  }

  /// Answers what libcurl wants: the number of bytes, or another number to end the transfer.
  private func receiveHeadLine(_ line: UnsafeRawBufferPointer) -> Int {
    guard !isEnded else { return 0 }
    guard !isHeadDelivered else { return line.count }  // a trailer
    switch head.line(line) {
    case .more: return line.count
    case .tooLarge:
      abortReason = .protocolError("response head too large")
      return 0
    case .complete: return headCompleted() ? line.count : 0
    }
  }

  private func headCompleted() -> Bool {
    if let location = head.redirectLocation, request.maxRedirects > 0 {
      redirect = location
      return false
    }
    guard let url = hop?.url else { return false }
    isHeadDelivered = true
    deadline.headArrived(now: UpstreamClient.now)
    client?.deadlineChanged(self)
    handler?(
      .head(
        UpstreamHead(
          status: head.status, headers: head.headers, finalURL: url, announcedLength: head.announcedLength)))
    return !isEnded
  }

  private func receive(_ body: UnsafeRawBufferPointer) -> Int {
    guard !isEnded else { return 0 }
    if isPaused {
      isHeldByCurl = true
      return Int(CURL_WRITEFUNC_PAUSE)
    }
    bodyBytes += UInt64(body.count)
    counters.bytesIn.wrappingAdd(UInt64(body.count), ordering: .relaxed)
    deadline.bytesArrived(now: UpstreamClient.now)
    handler?(.data(body))
    return isEnded ? 0 : body.count
  }
}
