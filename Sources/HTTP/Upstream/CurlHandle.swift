internal import CCurl

/// One easy handle with the lists that it refers to. Released outside libcurl's callbacks, after it has left its multi.
final class CurlHandle {
  let easy: UnsafeMutableRawPointer
  private var lists: [UnsafeMutablePointer<curl_slist>] = []

  init() {
    guard let easy = curl_easy_init() else { fatalError("libcurl: no memory for a handle") }
    self.easy = easy
  }

  func set(_ option: CURLoption, _ value: Int) { ccurl_set_long(easy, option, value) }

  func set(_ option: CURLoption, _ value: String) { ccurl_set_string(easy, option, value) }

  func set(_ option: CURLoption, _ lines: [String]) {
    let list = lines.reduce(nil as UnsafeMutablePointer<curl_slist>?) { curl_slist_append($0, $1) }
    guard let list else { return }
    lists.append(list)
    ccurl_set_pointer(easy, option, list)
  }

  /// Copies `body`.
  func setBody(_ body: [UInt8]) {
    set(CURLOPT_POST, 1)
    set(CURLOPT_POSTFIELDSIZE, body.count)
    body.withUnsafeBytes { bytes in
      _ = ccurl_set_pointer(easy, CURLOPT_COPYPOSTFIELDS, bytes.baseAddress ?? UnsafeRawPointer(easy))
    }
  }

  /// The errno of the last failed connect, 0 if none.
  var connectErrno: Int32 {
    var value = 0
    ccurl_get_long(easy, CURLINFO_OS_ERRNO, &value)
    return Int32(truncatingIfNeeded: value)
  }

  deinit {
    curl_easy_cleanup(easy)
    for list in lists { curl_slist_free_all(list) }
  }
}
