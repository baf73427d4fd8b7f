/// The environment of FFmpeg: nothing of the worker's own, which holds secrets.
enum ChildEnvironment {
  static func values(_ settings: FFmpegSettings) -> [String: String] {
    var values = ["PATH": settings.searchPath, "LC_ALL": "C"]
    if let proxy = settings.egressProxy {
      // An empty no_proxy: nothing goes past the proxy, which checks every address it connects to.
      values["http_proxy"] = proxy
      values["https_proxy"] = proxy
      values["no_proxy"] = ""
    }
    return values
  }
}
