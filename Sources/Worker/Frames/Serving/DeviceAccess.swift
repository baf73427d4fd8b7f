internal import Digests
internal import Foundation
internal import HTTP

/// Who may play recordings (frames.md §10, api.md §1.7). Device names can be guessed: with an API token set, media need it,
/// or `exp` and `sig` over the device's name, which the URIs in playlists then carry.
package struct DeviceAccess: Sendable {
  private let authentication: Authentication
  private let key: [UInt8]
  /// Seconds that a URI made here is good for at least.
  private let life: Int
  private let isOpen: Bool

  /// `isPublic`: FRAMES_PUBLIC_PLAY.
  package init(_ auth: Configuration.Auth, isPublic: Bool) {
    authentication = Authentication(token: auth.apiToken)
    key = URLSignature.key(auth)
    life = max(60, Int(auth.playTokenLifetime.components.seconds))
    isOpen = isPublic || (auth.apiToken ?? "").isEmpty
  }

  /// What stands behind URIs in a playlist for this request. Throws 401 or 403. `client` and `device` as the path has them.
  func check(
    _ request: HTTPRequest, _ parameters: PathParameters, now: Int = Int(Date().timeIntervalSince1970)
  ) throws(Problem) -> String {
    if isOpen { return "" }
    let name = "\(parameters["client"] ?? "")/\(parameters["device"] ?? "")"
    guard let given = request.query.first("sig") else {
      try authentication.check(request)
      return suffix(name, expiry: expiry(now: now))
    }
    guard let text = request.query.first("exp"), let expiry = Int(text), text == String(expiry), expiry > now,
      ConstantTime.equal(signature(name, expiry), given)
    else { throw .signatureInvalid }
    return suffix(name, expiry: expiry)
  }

  /// The same for some time, so that a playlist that has not changed stays the same bytes.
  private func expiry(now: Int) -> Int {
    let step = max(1, life / 4)
    return (now + life + step) / step * step
  }

  private func suffix(_ name: String, expiry: Int) -> String { "?exp=\(expiry)&sig=\(signature(name, expiry))" }

  private func signature(_ name: String, _ expiry: Int) -> String {
    URLSignature.text(["v1", "device", name, String(expiry)], key: key)
  }
}
